/**
 * Why a group left the state MASTER, by the journal entries around the transition.
 *
 * A lasting condition (an order, a hold, a failed check) is in the last entry before the transition. An incident (a link
 * that goes down, a process that ends) may be recorded shortly after the transition that it caused. It is the cause only
 * of what moved the groups that it affects.
 */

import { FROZEN_MS } from "../health/pause.ts";
import { hostText } from "../text/host-text.ts";
import { durationText, elapsedMs, instantBefore } from "../text/instant.ts";
import { concerns } from "./affected.ts";
import type { JournalEntry } from "./event.ts";

/** An incident within this time before or after a transition may be its cause. */
const NEAR_MS = 2_000;
/** keepalived's end may be recorded this long after the transition: its last process has to end first. */
const KEEPALIVED_END_DELAY_MS = 4_000;

/** A transition of a group, by which a VIP leaves or comes. */
export interface Turn {
  readonly group: string;
  /** Index of the transition's entry. */
  readonly index: number;
  readonly entries: readonly JournalEntry[];
}

type Kind = JournalEntry["kind"];
type Of<K extends Kind> = Extract<JournalEntry, { kind: K }>;

/** Why a group left, and when, where that was before the transition. */
export interface Cause {
  /** A clause. */
  readonly text: string;
  /** ISO 8601. The group left after this time; keepalived noticed it later. */
  readonly leftAfter?: string | undefined;
  /** Whether another host may have been owner before this host noticed that it is none. */
  readonly isNoticedLate?: true;
}

type FindCause = (departure: Turn) => string | Cause | undefined;

/** In the order of precedence: each may be the cause of those after it. */
const CAUSES: readonly FindCause[] = [
  stopped,
  keepalivedEnded,
  drained,
  plannedChange,
  frozen,
  leaseEnded,
  linkDown,
  vipRemoved,
  held,
  failedChecks,
  yielded,
  paused,
];

/** Undefined where no entry explains the departure. */
export function causeOf(departure: Turn): Cause | undefined {
  for (const find of CAUSES) {
    const cause = find(departure);
    if (cause !== undefined) return typeof cause === "string" ? { text: cause } : cause;
  }
  return undefined;
}

function stopped(departure: Turn): string | undefined {
  const { kind } = lastBefore(departure, ["agent-stopping", "agent-started"]) ?? {};
  return kind === "agent-stopping" ? "the agent was stopped" : undefined;
}

function keepalivedEnded(departure: Turn): string | undefined {
  // its last log lines follow the colon; they may concern another time
  return incidents(departure, "keepalived-ended", KEEPALIVED_END_DELAY_MS)[0]
    ?.reason.split(": ", 1)[0]
    ?.replace(/ by itself$/, "");
}

function drained(departure: Turn): string | undefined {
  const by = lastOf(departure, "drain", ({ group }) => group === departure.group)?.by;
  return by === undefined ? undefined : `drained by ${by}`;
}

function plannedChange(departure: Turn): string | undefined {
  const to = lastOf(departure, "change", ({ group }) => group === departure.group)?.to;
  return to === undefined ? undefined : `a planned change of the group to ${to}`;
}

/** A pause after which the VIPs are gone in any case: the watchdog has taken them. */
function frozen(departure: Turn): Cause | undefined {
  const pauseMs = nearest(departure, "agent-frozen")?.durationMs ?? 0;
  return pauseMs < FROZEN_MS ? undefined : paused(departure);
}

/** The other hosts took over soon after the beginning of the pause, and this host noticed it at the end. */
function paused(departure: Turn): Cause | undefined {
  const entry = nearest(departure, "agent-frozen");
  if (entry === undefined) return undefined;
  return {
    text: `the agent ${pauseText(entry)}`,
    leftAfter: instantBefore(entry.at, entry.durationMs),
    isNoticedLate: true,
  };
}

function pauseText({ durationMs }: Of<"agent-frozen">): string {
  return `did not run for ${durationText(durationMs)}`;
}

/** Agent and keepalived were frozen, or the process that renews leases was. */
function leaseEnded(departure: Turn): Cause | undefined {
  const [entry] = incidents(departure, "lease-ended");
  if (entry === undefined) return undefined;
  const text = `the lease of ${entry.address} ran out, as nothing renewed it`;
  return paused(departure) ?? { text, isNoticedLate: true };
}

function linkDown(departure: Turn): string | undefined {
  const entry = incidents(departure, "link").find(({ isUp }) => !isUp);
  return entry && `link ${entry.interface} went down`;
}

function vipRemoved(departure: Turn): string | undefined {
  const entry = incidents(departure, "address-lost").find(({ isVip }) => isVip);
  return entry && `another program removed ${entry.address} from this host`;
}

function held(departure: Turn): string | undefined {
  return lastOf(departure, "hold", ({ group }) => group === departure.group)?.reason;
}

/** After a pause there are two owners for a moment, where this host kept its VIPs: so the pause is told with it. */
function yielded(departure: Turn): Cause | undefined {
  const entry = nearest(departure, "yielded");
  if (entry?.group !== departure.group) return undefined;
  const { address, host, priority, ownPriority } = entry;
  const rival = hostText(address, host);
  const why =
    priority === ownPriority
      ? `${rival} was owner too, with the same priority ${priority} and a higher address`
      : `${rival} has a higher priority (${priority}, this host ${ownPriority})`;
  const pause = nearest(departure, "agent-frozen");
  const text = pause === undefined ? why : `${why}, after this agent ${pauseText(pause)}`;
  return { text, isNoticedLate: true };
}

/** The checks that failed just before. One that failed long before did not cause this departure. */
function failedChecks(departure: Turn): string | undefined {
  const { index, entries, group } = departure;
  const latest = new Map<string, Of<"check">>();
  for (const entry of entries.slice(sinceStart(departure), index)) {
    if (entry.kind === "check" && entry.group === group) latest.set(entry.check, entry);
  }
  const leftAt = entries[index]?.at ?? "";
  const failed = [...latest.values()].filter(
    ({ at, verdict }) => verdict === "unhealthy" && elapsedMs(at, leftAt) <= NEAR_MS,
  );
  const clauses = failed.map(
    (entry) => `${failureText(entry)} for ${durationText(elapsedMs(entry.onset, leftAt))}`,
  );
  return clauses.length === 0 ? undefined : clauses.join("; ");
}

const PORT = /^(\d+\/\w+): ([a-z-]+)/;
const PORT_WORDS: Readonly<Record<string, string>> = {
  "port-not-published": "not published",
  "published-on-other-address": "published on another address only",
  "chain-missing": "not published (Rancher's chain is missing)",
  "chain-not-hooked": "not published (Rancher's chain is not used)",
  "target-failed": "without an answer from its container",
  "forwarding-off": "not forwarded (net.ipv4.ip_forward is off)",
  "no-route": "not forwarded (no route to its container)",
  "forward-dropped": "dropped by FORWARD",
};

/** `port 80/tcp not published`, `check http: connection refused` */
function failureText({ check, reason }: Of<"check">): string {
  const [, port, id = ""] = PORT.exec(reason) ?? [];
  const words = PORT_WORDS[id];
  if (["ports", "target"].includes(check) && port !== undefined && words !== undefined)
    return `port ${port} ${words}`;
  return `check ${check}: ${reason}`;
}

/** Index of this run's first entry. What an earlier run recorded is not in force any more. */
function sinceStart({ index, entries }: Turn): number {
  return Math.max(
    0,
    entries.findLastIndex(({ kind }, at) => at < index && kind === "agent-started"),
  );
}

function lastBefore({ index, entries }: Turn, kinds: readonly Kind[]): JournalEntry | undefined {
  return entries.findLast(({ kind }, at) => at < index && kinds.includes(kind));
}

function lastOf<K extends Kind>(
  departure: Turn,
  kind: K,
  matches: (entry: Of<K>) => boolean,
): Of<K> | undefined {
  const start = sinceStart(departure);
  return departure.entries.findLast(
    (entry, at): entry is Of<K> =>
      start <= at && at < departure.index && entry.kind === kind && matches(entry as Of<K>),
  );
}

/** The entry of that kind that is nearest in time; undefined where none is near enough. */
function nearest<K extends Kind>(departure: Turn, kind: K): Of<K> | undefined {
  return near(departure, kind)[0];
}

/**
 * The entries of that kind that may have caused the departure: the last one before it first, then those after it. What came
 * after a failed check and its departure caused neither.
 */
function incidents<K extends Kind>(departure: Turn, kind: K, afterMs = NEAR_MS): readonly Of<K>[] {
  const { index, entries } = departure;
  const all = near(departure, kind, afterMs);
  const isBefore = (entry: JournalEntry) => entries.indexOf(entry) < index;
  const before = all.filter(isBefore);
  if (failedChecks(departure) !== undefined) return before;
  return [...before, ...all.filter((entry) => !isBefore(entry))];
}

/** The entries of that kind near the departure that concern its group, the nearest in time first. */
function near<K extends Kind>({ index, entries, group }: Turn, kind: K, afterMs = NEAR_MS): Of<K>[] {
  const at = entries[index]?.at ?? "";
  const distance = (entry: JournalEntry) => Math.abs(elapsedMs(at, entry.at));
  const isNear = (entry: JournalEntry): entry is Of<K> => {
    if (entry.kind !== kind || !concerns(entry, group)) return false;
    const offsetMs = elapsedMs(at, entry.at);
    return -NEAR_MS <= offsetMs && offsetMs <= afterMs;
  };
  return entries.filter(isNear).toSorted((a, b) => distance(a) - distance(b));
}
