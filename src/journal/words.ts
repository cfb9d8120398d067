/** Each journal entry in words for operators. */

import type { MetadataChange } from "../metadata/changes.ts";
import { printableJson } from "../text/escape.ts";
import { hostText } from "../text/host-text.ts";
import { durationText, preciseDurationText, preciseTimeOfDay } from "../text/instant.ts";
import type { JournalEntry } from "./event.ts";
import { unansweredText } from "./unanswered.ts";

/** Without the time, and not escaped. */
export function describeEntry(entry: JournalEntry): string {
  switch (entry.kind) {
    case "agent-started":
      return `agent ${entry.version} started`;
    case "agent-stopping":
      return "agent is stopping";
    case "agent-stopped":
      return "agent stopped";
    case "agent-frozen":
      return `agent did not run for ${durationText(entry.durationMs)}`;
    case "host":
      return `this host is ${entry.name} (${entry.uuid})`;
    case "keepalived-started":
      return "keepalived started";
    case "keepalived-ended":
      return `keepalived ended: ${entry.reason}`;
    case "metadata":
      return entry.changes.map(changeText).join(", ");
    case "metadata-source":
      return `metadata is ${entry.source}`;
    case "link":
      return `link ${entry.interface} is ${entry.isUp ? "up" : "down"}`;
    case "address-lost":
      return `address ${entry.address} ${entry.isVip ? "was removed by another program" : "is gone"}`;
    case "gate":
      return `gate: ${entry.lack ?? "on"}`;
    case "lease-ended":
      return `lease of ${entry.address} ran out`;
    case "contradiction":
      return `contradiction ${entry.isOver ? "ended" : "lasts"}: ${entry.text}`;
    case "left-out":
      return `${entry.of}: ${entry.linesAnHour} lines within an hour; further ones are left out`;
    case "problem":
      return entry.text === undefined ? `${entry.part}: problem ended` : `${entry.part}: ${entry.text}`;
    case "reload":
      if (entry.outcome === "withdrawn") return "the refused configuration is no longer wanted";
      return [`configuration ${entry.outcome}`, entry.reason, entry.changes?.join("; ")]
        .filter((part) => part)
        .join(": ");
    default:
      return "group" in entry ? `${entry.group}: ${groupText(entry)}` : printableJson(entry);
  }
}

const PREVIOUS_OWNER = {
  "given-up": "gave the VIPs up",
  // what this host heard: whether that one fell silent is said by the move alone
  silent: "not heard any more",
  "none-heard": "none heard",
} as const;

function groupText(entry: Extract<JournalEntry, { group: string }>): string {
  switch (entry.kind) {
    case "transition":
      return `${entry.from} -> ${entry.to}`;
    case "succession":
      return `previous owner${entry.owner === undefined ? "" : ` ${entry.owner}`}: ${PREVIOUS_OWNER[entry.how]}`;
    case "owner-unanswered":
      return `owner ${entry.owner} ${unansweredText(entry)}: this host takes over`;
    case "deaf":
      return `this host could not hear an owner, as ${entry.reason}`;
    case "check":
      return `${entry.check} is ${entry.verdict}: ${entry.reason}`;
    case "drain":
      return entry.by === undefined ? "no longer drained" : `drained by ${entry.by}`;
    case "hold":
      return entry.reason === undefined ? "no longer held back" : `held back: ${entry.reason}`;
    case "yielded":
      return `gives way to ${hostText(entry.address, entry.host)}: ${priorityText(entry)}`;
    case "taken-over":
      return takeoverText(entry);
    case "split-brain":
      return `split brain ${entry.isOver ? "no longer suspected" : "suspected"} (${entry.cause}): ${entry.text}`;
    case "change":
      if (entry.to !== undefined) return `planned change to ${entry.to} begins`;
      return entry.despite === undefined
        ? "planned change ended"
        : `this host waits no longer for ${entry.despite}, which owns the VIPs with other settings`;
  }
}

function priorityText({ priority, ownPriority }: Extract<JournalEntry, { kind: "yielded" }>): string {
  return priority === ownPriority
    ? `the same priority ${priority} and a higher address`
    : `priority ${priority}, this host ${ownPriority}`;
}

function takeoverText({ by, since, afterMs }: Extract<JournalEntry, { kind: "taken-over" }>): string {
  if (afterMs !== undefined) return `${by} took over after ${preciseDurationText(afterMs)}`;
  return since === undefined ? `${by} took over` : `${by} owned it since ${preciseTimeOfDay(since)}`;
}

function changeText({ what, name, how }: MetadataChange): string {
  return `${what} ${name} ${how}`;
}
