/** When a member that metadata no longer lists leaves, and what must be known about its host before. */
import type { Member } from "./members.ts";
import type { Membership, MembershipEntry } from "./membership-entry.ts";

/** How long a missing, silent member stays if nothing shows that its host runs no VRRP. */
export const UNKNOWN_GRACE_MS = { hostListed: 24 * 3_600_000, hostUnlisted: 3_600_000 };

/** A member that was heard is not silent yet within this time, however short the grace is. */
const HEARD_GRACE_MS = 5_000;
/** A former address is kept this long whatever the grace is: the host itself may learn of its new one 10 s later. */
const FORMER_ADDRESS_MS = 15_000;
/** A host that may run VRRP is asked again after this time. */
const ASK_INTERVAL_MS = 30_000;

type MissingEntry = MembershipEntry & { readonly phase: "missing" };

/** When a missing member leaves, unless it is listed or heard before. */
export function leavesMs(
  entry: Pick<MissingEntry, "sinceMs" | "heardMs" | "hasHost">,
  graceMs: number,
): number {
  const { hostListed, hostUnlisted } = UNKNOWN_GRACE_MS;
  return Math.max(silentMs(entry, graceMs), entry.sinceMs + (entry.hasHost ? hostListed : hostUnlisted));
}

/** When a missing member has been missing and silent for the grace. */
function silentMs({ sinceMs, heardMs }: Pick<MissingEntry, "sinceMs" | "heardMs">, graceMs: number): number {
  const unheardMs = heardMs === undefined ? sinceMs : heardMs + Math.max(graceMs, HEARD_GRACE_MS);
  return Math.max(sinceMs + graceMs, unheardMs);
}

/** How long a former address of a member is kept. */
export function formerGraceMs(graceMs: number): number {
  return Math.max(graceMs, FORMER_ADDRESS_MS);
}

/** The members to ask whether their hosts run VRRP: metadata does not list them, and they were silent for the grace. */
export function membersToAsk(membership: Membership, graceMs: number, nowMs: number): Member[] {
  return membership.filter((entry) => isToBeAsked(entry, graceMs, nowMs)).map(({ member }) => member);
}

/** The membership without those members of `membersToAsk` whose hosts run no VRRP. */
export function withoutStopped(
  membership: Membership,
  stoppedUuids: ReadonlySet<string>,
  graceMs: number,
  nowMs: number,
): Membership {
  return membership.filter(
    (entry) => !(stoppedUuids.has(entry.member.hostUuid) && isToBeAsked(entry, graceMs, nowMs)),
  );
}

function isToBeAsked(entry: MembershipEntry, graceMs: number, nowMs: number): boolean {
  return entry.phase === "missing" && entry.readings >= 2 && nowMs >= silentMs(entry, graceMs);
}

/** When metadata must be read again so that a member or an address can be dropped; undefined where none can be. */
export function nextReadingMs(membership: Membership, graceMs: number, nowMs: number): number | undefined {
  const dueMs = membership.flatMap((entry) => [
    ...(entry.phase === "missing" ? [reviewMs(entry, graceMs, nowMs)] : []),
    ...Object.values(entry.formerSinceMs).map((sinceMs) => sinceMs + formerGraceMs(graceMs)),
  ]);
  return dueMs.length === 0 ? undefined : Math.min(...dueMs);
}

/** When a missing member leaves, or its host is to be asked. */
function reviewMs(entry: MissingEntry, graceMs: number, nowMs: number): number {
  const dueMs = silentMs(entry, graceMs);
  if (dueMs > nowMs) return dueMs;
  return Math.min(leavesMs(entry, graceMs), entry.readings < 2 ? nowMs : nowMs + ASK_INTERVAL_MS);
}
