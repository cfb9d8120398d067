/** The journal events that explain how one status of the agent differs from the next. */

import type { CheckStatus, GroupHealthStatus } from "../health/status.ts";
import { distinctSuspicions } from "../split-brain/causes.ts";
import type { SplitBrainStatus } from "../split-brain/suspicion.ts";
import type { Status } from "../status/status.ts";
import type { JournalEvent } from "./event.ts";

/** Causes come before effects: a verdict before the transition that may follow from it. */
export function eventsBetween(before: Status, after: Status): JournalEvent[] {
  return [
    ...hostEvents(before, after),
    ...problemEvents(before, after),
    ...after.health.flatMap((health) => {
      return healthEvents(
        before.health.find(({ group }) => group === health.group),
        health,
      );
    }),
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
  const isIn = ({ problems }: Status, part: string, message: string) =>
    problems.some((problem) => problem.part === part && problem.message === message);
  const begun = after.problems.filter(({ part, message }) => !isIn(before, part, message));
  const parts = new Set(after.problems.map(({ part }) => part));
  const over = before.problems.filter(({ part }) => !parts.has(part));
  return [
    ...begun.map(
      ({ part, code, message }): JournalEvent => ({
        kind: "problem",
        part,
        text: code === undefined ? message : `${code}: ${message}`,
      }),
    ),
    ...over.map(({ part }): JournalEvent => ({ kind: "problem", part })),
  ];
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
  const stateIn = ({ instances }: Status, group: string) =>
    instances.find(({ name }) => name === group)?.state ?? "UNKNOWN";
  const groups = new Set([...before.instances, ...after.instances].map(({ name }) => name));
  return [...groups].flatMap((group): JournalEvent[] => {
    const [from, to] = [stateIn(before, group), stateIn(after, group)];
    return from === to ? [] : [{ kind: "transition", group, from, to }];
  });
}

/** Only lasting ones: a short contradiction is a normal change of state. */
function contradictionEvents(before: Status, after: Status): JournalEvent[] {
  const lasting = ({ contradictions }: Status) =>
    contradictions.filter(({ isLasting }) => isLasting).map(({ text }) => text);
  const [were, are] = [lasting(before), lasting(after)];
  const begun = are.filter((text) => !were.includes(text));
  const over = were.filter((text) => !are.includes(text));
  return [
    ...begun.map((text): JournalEvent => ({ kind: "contradiction", text, isOver: false })),
    ...over.map((text): JournalEvent => ({ kind: "contradiction", text, isOver: true })),
  ];
}

function splitBrainEvents(before: Status, after: Status): JournalEvent[] {
  const isIn = ({ splitBrain }: Status, { group, cause, address, mac }: SplitBrainStatus) =>
    splitBrain.some(
      (other) =>
        other.group === group && other.cause === cause && other.address === address && other.mac === mac,
    );
  const begun = distinctSuspicions(after.splitBrain.filter((one) => !isIn(before, one)));
  const over = distinctSuspicions(before.splitBrain.filter((one) => !isIn(after, one)));
  const eventOf = ({ group, cause, text }: SplitBrainStatus, isOver: boolean): JournalEvent => {
    return { kind: "split-brain", group, cause, text, isOver };
  };
  return [...begun.map((one) => eventOf(one, false)), ...over.map((one) => eventOf(one, true))];
}
