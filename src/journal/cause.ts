/**
 * Why a group left the state MASTER, from the journal's entries around that moment.
 *
 * What is in force then (an order, a hold, a failed check) is told by the last entry of before. What only happens (a link
 * that goes down, a process that ends) may be written a moment later than what followed from it.
 */
import { durationText, elapsedMs } from "../text/instant.ts";
import type { JournalEntry } from "./event.ts";

/** What happened this far from a transition, ms, may be its cause. */
const NEAR_MS = 2_000;
/** An end of keepalived is written down once its last process is gone. */
const AFTER_MS = 4_000;

export interface Moment {
  readonly group: string;
  /** The entry of the transition. */
  readonly index: number;
  readonly entries: readonly JournalEntry[];
}

type Kind = JournalEntry["kind"];
type Of<K extends Kind> = Extract<JournalEntry, { kind: K }>;

/** What is likelier to be the cause of the others comes first. */
const WITNESSES: readonly ((moment: Moment) => string | undefined)[] = [
  stopped,
  keepalivedEnded,
  drained,
  plannedChange,
  frozen,
  linkDown,
  vipRemoved,
  held,
  failedChecks,
  yielded,
];

/** A clause, or undefined where the journal does not say why. */
export function causeOf(moment: Moment): string | undefined {
  for (const witness of WITNESSES) {
    const cause = witness(moment);
    if (cause !== undefined) return cause;
  }
  return undefined;
}

function stopped(moment: Moment): string | undefined {
  const { kind } = lastBefore(moment, ["agent-stopping", "agent-started"]) ?? {};
  return kind === "agent-stopping" ? "the agent was stopped" : undefined;
}

function keepalivedEnded(moment: Moment): string | undefined {
  // what it said before may be of another time, and is in the journal
  return near(moment, "keepalived-ended", AFTER_MS)
    ?.reason.split(": ", 1)[0]
    ?.replace(/ by itself$/, "");
}

function drained(moment: Moment): string | undefined {
  const by = lastOf(moment, "drain", ({ group }) => group === moment.group)?.by;
  return by === undefined ? undefined : `drained by ${by}`;
}

function plannedChange(moment: Moment): string | undefined {
  const to = lastOf(moment, "change", ({ group }) => group === moment.group)?.to;
  return to === undefined ? undefined : `a planned change of the group, to ${to}`;
}

function frozen(moment: Moment): string | undefined {
  const entry = near(moment, "agent-frozen");
  return entry && `the agent did not run for ${durationText(entry.durationMs)}`;
}

function linkDown(moment: Moment): string | undefined {
  const entry = near(moment, "link");
  return entry?.isUp === false ? `link ${entry.interface} went down` : undefined;
}

function vipRemoved(moment: Moment): string | undefined {
  const entry = near(moment, "address-lost");
  return entry?.isVip ? `somebody else took ${entry.address} off this host` : undefined;
}

function held(moment: Moment): string | undefined {
  return lastOf(moment, "hold", ({ group }) => group === moment.group)?.reason;
}

function yielded(moment: Moment): string | undefined {
  const entry = near(moment, "yielded");
  if (entry?.group !== moment.group) return undefined;
  const { address, priority, ownPriority } = entry;
  return priority === ownPriority
    ? `${address} was owner too, with the same priority, ${priority}, and a higher address`
    : `${address} has a higher priority, ${priority} over ${ownPriority}`;
}

/** Those that failed last, together: a check that had failed long before moved nothing now. */
function failedChecks(moment: Moment): string | undefined {
  const { index, entries, group } = moment;
  const latest = new Map<string, Of<"check">>();
  for (const entry of entries.slice(sinceStart(moment), index)) {
    if (entry.kind === "check" && entry.group === group) latest.set(entry.check, entry);
  }
  const left = entries[index]?.at ?? "";
  const failed = [...latest.values()].filter(
    ({ at, verdict }) => verdict === "unhealthy" && elapsedMs(at, left) <= NEAR_MS,
  );
  const clauses = failed.map(
    (entry) => `${failureText(entry)} for ${durationText(elapsedMs(entry.onset, left))}`,
  );
  return clauses.length === 0 ? undefined : clauses.join("; ");
}

const PORT = /^(\d+\/\w+): ([a-z-]+)/;
const PORT_WORDS: Readonly<Record<string, string>> = {
  "port-not-published": "not published",
  "published-on-other-address": "published on another address only",
  "chain-missing": "not published, as Rancher's chain is missing",
  "chain-not-hooked": "not published, as Rancher's chain is not used",
};

/** `port 80/tcp not published`, `check http: connection refused` */
function failureText({ check, reason }: Of<"check">): string {
  const [, port, id = ""] = PORT.exec(reason) ?? [];
  const words = PORT_WORDS[id];
  if (check === "ports" && port !== undefined && words !== undefined) return `port ${port} ${words}`;
  return `check ${check}: ${reason}`;
}

/** Entries of another run say nothing of what is in force in this one. */
function sinceStart({ index, entries }: Moment): number {
  return Math.max(
    0,
    entries.findLastIndex(({ kind }, at) => at < index && kind === "agent-started"),
  );
}

function lastBefore({ index, entries }: Moment, kinds: readonly Kind[]): JournalEntry | undefined {
  return entries.findLast(({ kind }, at) => at < index && kinds.includes(kind));
}

function lastOf<K extends Kind>(moment: Moment, kind: K, isIt: (entry: Of<K>) => boolean): Of<K> | undefined {
  const start = sinceStart(moment);
  return moment.entries.findLast(
    (entry, at): entry is Of<K> =>
      start <= at && at < moment.index && entry.kind === kind && isIt(entry as Of<K>),
  );
}

/** The entry of that kind that is nearest to the transition, where it is near. */
function near<K extends Kind>({ index, entries }: Moment, kind: K, afterMs = NEAR_MS): Of<K> | undefined {
  const at = entries[index]?.at ?? "";
  const distance = (entry: JournalEntry) => Math.abs(elapsedMs(at, entry.at));
  const isNear = (entry: JournalEntry): entry is Of<K> => {
    if (entry.kind !== kind) return false;
    const offsetMs = elapsedMs(at, entry.at);
    return -NEAR_MS <= offsetMs && offsetMs <= afterMs;
  };
  return entries.filter(isNear).toSorted((a, b) => distance(a) - distance(b))[0];
}
