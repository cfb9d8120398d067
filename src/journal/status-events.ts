/** The journal events that explain how one status of the agent differs from the next. */

import { gateStatusText, isFullyUp } from "../gate/status.ts";
import type { CheckStatus, GroupHealthStatus } from "../health/status.ts";
import { distinctSuspicions } from "../split-brain/causes.ts";
import type { SplitBrainStatus } from "../split-brain/suspicion.ts";
import type { Contradiction, Status, StatusProblem } from "../status/status.ts";
import type { JournalEvent } from "./event.ts";

/** Causes come before effects: a verdict before the transition that may follow from it. */
export function eventsBetween(before: Status, after: Status): JournalEvent[] {
  const healthBefore = new Map(before.health.map((health) => [health.group, health]));
  return [
    ...hostEvents(before, after),
    ...problemEvents(before, after),
    ...gateEvents(before, after),
    ...after.health.flatMap((health) => healthEvents(healthBefore.get(health.group), health)),
    ...reloadEvents(before, after),
    ...transitions(before, after),
    ...contradictionEvents(before, after),
    ...splitBrainEvents(before, after),
  ];
}

function hostEvents(before: Status, { host, metadata, keepalived }: Status): JournalEvent[] {
  const events: JournalEvent[] = [];
  if (host !== undefined && host.uuid !== before.host?.uuid) events.push({ kind: "host", ...host });
  if (metadata.source !== before.metadata.source) {
    events.push({ kind: "metadata-source", source: metadata.source });
  }
  if (keepalived.isRunning && !before.keepalived.isRunning) events.push({ kind: "keepalived-started" });
  return events;
}

function problemEvents(before: Status, after: Status): JournalEvent[] {
  const keyOf = ({ part, message }: StatusProblem) => `${part} ${message}`;
  const known = new Set(before.problems.map(keyOf));
  const begun = after.problems.filter((problem) => !known.has(keyOf(problem)));
  const parts = new Set(after.problems.map(({ part }) => part));
  const over = before.problems.filter(({ part }) => !parts.has(part));
  return [
    ...begun.map(
      ({ part, code, message }): JournalEvent => ({
        kind: "problem",
        part,
        text: `${code === undefined ? "" : `${code}: `}${message.replaceAll("\n", "; ")}`,
      }),
    ),
    ...over.map(({ part }): JournalEvent => ({ kind: "problem", part })),
  ];
}

/** What the host lacks for good, or for now. A gate that fails is a problem. */
function gateEvents(before: Status, after: Status): JournalEvent[] {
  const lackIn = ({ gate }: Status) =>
    gate.phase === "unavailable" || (gate.phase === "on" && !isFullyUp(gate))
      ? gateStatusText(gate)
      : undefined;
  const [was, is] = [lackIn(before), lackIn(after)];
  if (is === was || (is === undefined && !isFullyUp(after.gate))) return [];
  return [{ kind: "gate", lack: is }];
}

function healthEvents(before: GroupHealthStatus | undefined, after: GroupHealthStatus): JournalEvent[] {
  const { group, drainedBy, heldBy } = after;
  const events: JournalEvent[] = after.checks.flatMap((check) => {
    const earlier = before?.checks.find(({ name }) => name === check.name);
    return hasChanged(earlier, check) ? [checkEvent(group, check)] : [];
  });
  if (drainedBy !== before?.drainedBy) events.push({ kind: "drain", group, by: drainedBy });
  if (heldBy !== before?.heldBy) events.push({ kind: "hold", group, reason: heldBy });
  return events;
}

/** A new check that was not probed yet is no event. */
function hasChanged(before: CheckStatus | undefined, { verdict }: CheckStatus): boolean {
  return before === undefined ? verdict !== "unknown" : before.verdict !== verdict;
}

function checkEvent(group: string, { name, verdict, reason, onset }: CheckStatus): JournalEvent {
  return { kind: "check", group, check: name, verdict, reason, onset };
}

function reloadEvents(before: Status, after: Status): JournalEvent[] {
  const { lastReload, appliedCount } = after.configuration;
  const { lastReload: previous } = before.configuration;
  if (lastReload === undefined || lastReload.at === previous?.at) return [];
  // the refused configuration is no longer wanted, and the last reload is the one before it
  const isWithdrawn = lastReload.outcome === "applied" && appliedCount === before.configuration.appliedCount;
  if (isWithdrawn) return [{ kind: "reload", outcome: "withdrawn" }];
  const { at: _at, ...reload } = lastReload;
  return [{ kind: "reload", ...reload }];
}

function transitions(before: Status, after: Status): JournalEvent[] {
  const statesIn = ({ instances }: Status) => new Map(instances.map(({ name, state }) => [name, state]));
  const [were, are] = [statesIn(before), statesIn(after)];
  const groups = new Set([...were.keys(), ...are.keys()]);
  return [...groups].flatMap((group): JournalEvent[] => {
    const [from, to] = [were.get(group) ?? "UNKNOWN", are.get(group) ?? "UNKNOWN"];
    return from === to ? [] : [{ kind: "transition", group, from, to }];
  });
}

/**
 * Only lasting ones: a short contradiction is a normal change of state. Of those that began at the same time, one that is
 * gone and one that is new are the same one in other words.
 */
function contradictionEvents(before: Status, after: Status): JournalEvent[] {
  const lasting = ({ contradictions }: Status) => contradictions.filter(({ isLasting }) => isLasting);
  const [were, are] = [lasting(before), lasting(after)];
  const [over, begun] = [withoutTexts(were, are), withoutTexts(are, were)];
  const [overSince, begunSince] = [over, begun].map((some) => new Set(some.map(({ since }) => since)));
  return [
    ...begun.flatMap(({ text, since }) => (overSince?.has(since) ? [] : contradictionEvent(text, false))),
    ...over.flatMap(({ text, since }) => (begunSince?.has(since) ? [] : contradictionEvent(text, true))),
  ];
}

function withoutTexts(some: readonly Contradiction[], others: readonly Contradiction[]): Contradiction[] {
  const texts = new Set(others.map(({ text }) => text));
  return some.filter(({ text }) => !texts.has(text));
}

function contradictionEvent(text: string, isOver: boolean): JournalEvent {
  return { kind: "contradiction", text, isOver };
}

function splitBrainEvents(before: Status, after: Status): JournalEvent[] {
  const keyOf = ({ group, cause, address, mac }: SplitBrainStatus) => `${group} ${cause} ${address} ${mac}`;
  const [were, are] = [before, after].map(({ splitBrain }) => new Set(splitBrain.map(keyOf)));
  const begun = distinctSuspicions(after.splitBrain.filter((one) => !were?.has(keyOf(one))));
  const over = distinctSuspicions(before.splitBrain.filter((one) => !are?.has(keyOf(one))));
  const eventOf = ({ group, cause, text }: SplitBrainStatus, isOver: boolean): JournalEvent => {
    return { kind: "split-brain", group, cause, text, isOver };
  };
  return [...begun.map((one) => eventOf(one, false)), ...over.map((one) => eventOf(one, true))];
}
