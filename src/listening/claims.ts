/** Claims of other machines on a group that begins on this host: a machine seems to own the VIPs, or to be about to. */
import { type HostNameOf, hostText } from "../text/host-text.ts";
import type { Instance } from "../vrrp/instance.ts";
import type { AnswererRole } from "./answerers.ts";
import { type AddressAnswer, addressWithMac, type OwnIdentity, twinAhead } from "./answers.ts";

/** Longer than an owner needs in a planned change until it runs the group as this host does. */
export const LONGEST_LISTEN_MS = 15_000;
/** While nothing is heard because the listener is not up yet, this host looks again this often. */
export const RECHECK_MS = 100;
/** A machine that answers is asked again within this time. */
const ANSWER_MS = 4_000;
/**
 * A known owner sends this host nothing, so two lost answers must not make a second owner. It counts as gone after eight
 * questions without an answer: four for the VIP, and four for its own address.
 */
const KNOWN_ROUNDS = 4;
/** Or after two for the VIP, while the machine answers for its own address: its kernel let the VIP go. */
const LEFT_ROUNDS = 2;
const ROUND_MARGIN_MS = 500;
/** A host that said hello as the owner counts as one for this long: it is asked for another hello every 10 s at least. */
const OWNER_HELLO_MS = 30_000;

/** A machine that sends an owner's adverts and is not a peer. */
export interface Stranger {
  readonly source: string;
  readonly atMs: number;
  readonly goneMs: number;
}

/** What was heard of other machines since the group began. Times are of one monotonic clock. */
export interface Heard {
  readonly instance: Instance;
  readonly beganMs: number;
  readonly strangers: readonly Stranger[];
  /** The last answer of each machine for the first VIP, and for each other address that this host asked for. */
  readonly answers: readonly AddressAnswer[];
  /** When each host that was asked for last said hello as the owner of the VIPs. */
  readonly ownerHellos: ReadonlyMap<string, number>;
}

/** What this host can hear, and what else it knows, when it decides. */
export interface ListenerView {
  /** Since when every advert on the interface is heard. Undefined while none can be. */
  readonly sinceMs: number | undefined;
  /** Whether an address is one of the environment's hosts. Undefined while that is not known. */
  readonly isHost: (address: string) => boolean | undefined;
  /** Whether the host at an address may run VRRP: false once its kernel answered that it does not. */
  readonly mayRunVrrp: (address: string) => boolean;
  /** Each address is asked for this often. */
  readonly roundMs: number;
  readonly roleOf: (mac: string) => AnswererRole;
  /** Whether an address is that of one of this host's gateways. */
  readonly isGateway: (address: string) => boolean;
  readonly own: OwnIdentity;
  /** Names the hosts that metadata lists. */
  readonly nameOf?: HostNameOf | undefined;
}

/**
 * Why the VIPs have an owner as long as the claim goes on. `nothing`: they may have none. `answers`: one machine answers for
 * them and for a host's address, as a router may. `proven`: the owner's own adverts or hello say so, too.
 */
export type Backing = "nothing" | "answers" | "proven";

/** A member whose answers show that it owns the VIPs, or the machine that this host is mistaken for. */
export type AnsweringOwner = Pick<AddressAnswer, "address" | "mac">;

export interface Claim {
  readonly reason: string;
  /** Where its adverts come from. Undefined where only answers were heard. */
  readonly source?: string;
  readonly owner?: AnsweringOwner;
  /** The owner answered for its own address, and not yet for the VIP: its hello would tell whether it has that. */
  readonly isLate?: boolean;
  /** The machine is gone at this time unless it is heard again. */
  readonly goneMs: number;
  readonly backing: Backing;
}

/** The strongest claim: of two machines the one whose claim is backed. */
export function claimOfOther(heard: Heard, listener: ListenerView, nowMs: number): Claim | undefined {
  // its silence says nothing while adverts may be lost
  const goneMs = (atMs: number, silenceMs: number) =>
    listener.sinceMs === undefined ? nowMs + RECHECK_MS : Math.max(atMs, listener.sinceMs) + silenceMs;
  const hasSaidSo = (address: string) => {
    const atMs = heard.ownerHellos.get(address);
    return atMs !== undefined && goneMs(atMs, OWNER_HELLO_MS) > nowMs;
  };
  const isOwn = (answer: AddressAnswer) => hasSaidSo(answer.address) || isItsOwn(answer, listener);
  // a host that said so has its MAC, whatever else is answered for with that
  const isOfHost = ({ mac }: AddressAnswer) =>
    listener.roleOf(mac) !== "proxy" ||
    heard.answers.some((one) => one.mac === mac && hasSaidSo(one.address));
  const answersWithin = (silenceMs: number) =>
    heard.answers
      .filter(isOfHost)
      .map((answer) => ({ ...answer, goneMs: goneMs(answer.atMs, silenceMs) }))
      .filter((answer) => answer.goneMs > nowMs);
  const answers = answersWithin(ANSWER_MS);
  const vip = heard.instance.firstVip.address;
  const forVip = answers.filter(({ address }) => address === vip);
  const strangers = heard.strangers
    .filter(({ source }) => listener.isHost(source) !== false)
    .map((one) => ({ source: one.source, goneMs: goneMs(one.atMs, one.goneMs - one.atMs) }))
    .filter((one) => one.goneMs > nowMs);
  const [stranger] = strangers;
  const unknown = strangers.find(({ source }) => listener.isHost(source) === undefined);
  const last = forVip.at(-1);

  if (unknown !== undefined && last !== undefined && listener.sinceMs !== undefined)
    return { ...claimOfStranger(unknown), goneMs: Math.min(unknown.goneMs, last.goneMs), backing: "proven" };
  const known = answersWithin(KNOWN_ROUNDS * listener.roundMs);
  const leftMs = LEFT_ROUNDS * listener.roundMs + ROUND_MARGIN_MS;
  const hasLeft = (forVip: AddressAnswer, its: AddressAnswer) => {
    const heldMs = Math.max(forVip.atMs, heard.ownerHellos.get(its.address) ?? 0, listener.sinceMs ?? nowMs);
    return its.atMs - heldMs > leftMs;
  };
  const owned = known.flatMap((one) => {
    const its = one.address === vip ? addressWithMac(known, one, isOwn) : undefined;
    return its === undefined || hasLeft(one, its) ? [] : claimOfAnswering(one, its, listener);
  });
  const proven = owned.find(({ owner }) => owner !== undefined && hasSaidSo(owner.address));
  if (proven !== undefined && listener.sinceMs !== undefined) return { ...proven, backing: "proven" };
  if (owned[0] !== undefined) return owned[0];
  if (stranger !== undefined) return claimOfStranger(stranger);
  if (last === undefined) return claimOfTwin(heard, answers, listener, nowMs);
  const reason = `${last.mac} answers for ${vip} and sends no adverts that this host accepts`;
  return { reason, goneMs: last.goneMs, backing: "nothing" };
}

/** Whether who answers for an address surely has it, by its role. A gateway may be a host, but only by its own address. */
function isItsOwn({ address, mac }: AddressAnswer, { roleOf, isGateway }: ListenerView): boolean {
  const role = roleOf(mac);
  return role === "host" || (role === "gateway" && isGateway(address));
}

function claimOfStranger({ source, goneMs }: Pick<Stranger, "source" | "goneMs">): Claim {
  const reason = `${source} owns the virtual IPs, and this host does not know yet which host that is`;
  return { source, reason, goneMs, backing: "nothing" };
}

type PresentAnswer = AddressAnswer & { readonly goneMs: number };

/** The claim of a machine that answers for the VIP and for `known`, if it is a member or the one that this host is mistaken for. */
function claimOfAnswering(forVip: PresentAnswer, known: PresentAnswer, listener: ListenerView): Claim[] {
  const { address, mac } = known;
  if (!listener.mayRunVrrp(address)) return [];
  const reason = listener.own.addresses.includes(address)
    ? `${mac} owns the virtual IPs and has ${address}, which metadata lists for this host`
    : `${hostText(address, listener.nameOf?.(address))} owns the virtual IPs and sends this host no adverts: its metadata may not list this host`;
  const goneMs = Math.min(forVip.goneMs, known.goneMs);
  return [
    {
      reason,
      owner: { address, mac },
      isLate: known.atMs > forVip.atMs + listener.roundMs,
      goneMs,
      backing: listener.sinceMs === undefined ? "nothing" : "answers",
    },
  ];
}

/** It may be about to own the VIPs. This host waits until then, and no longer. A gateway with its address is no such machine. */
function claimOfTwin(
  { beganMs }: Heard,
  answers: readonly PresentAnswer[],
  { own, roleOf }: ListenerView,
  nowMs: number,
): Claim | undefined {
  const ofHosts = answers.filter(({ mac }) => roleOf(mac) === "host");
  const twin = twinAhead(ofHosts, own);
  if (twin === undefined || nowMs >= beganMs + LONGEST_LISTEN_MS) return undefined;
  const reason = `${twin.mac} has ${twin.address}, which metadata lists for this host, and comes first`;
  return { reason, goneMs: twin.goneMs, backing: "nothing" };
}
