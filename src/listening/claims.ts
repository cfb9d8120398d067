/** Claims of other machines on a group that begins on this host: a machine seems to own the VIPs, or to be about to. */
import type { Instance } from "../vrrp/instance.ts";
import { type AddressAnswer, addressWithMac, type OwnIdentity, twinAhead } from "./answers.ts";

/** Longer than an owner needs in a planned change until it runs the group as this host does. */
export const LONGEST_LISTEN_MS = 15_000;
/** While nothing is heard because the listener is not up yet, this host looks again this often. */
export const RECHECK_MS = 100;
/** A machine that answers is asked again within this time. */
const ANSWER_MS = 4_000;
/**
 * A known owner counts as gone after six questions without an answer: two lost answers must not make a second owner.
 */
const KNOWN_ANSWER_MS = 10_000;

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
}

/** What else this host knows when it decides. */
export interface Ear {
  /** Since when every advert on the interface is heard. Undefined while none can be. */
  readonly sinceMs: number | undefined;
  /** Whether an address is one of the environment's hosts. Undefined while that is not known. */
  readonly isHost: (address: string) => boolean | undefined;
  /** Whether the host at an address may run VRRP: false once its kernel answered that it does not. */
  readonly mayRunVrrp: (address: string) => boolean;
  readonly own: OwnIdentity;
}

/** A member whose answers show that it owns the VIPs, or the machine that this host is mistaken for. */
export type AnsweringOwner = Pick<AddressAnswer, "address" | "mac">;

export interface Claim {
  readonly reason: string;
  /** Where its adverts come from. Undefined where only answers were heard. */
  readonly source?: string;
  readonly owner?: AnsweringOwner;
  /** The machine is gone at this time unless it is heard again. */
  readonly goneMs: number;
  /** Whether the VIPs certainly have an owner as long as the claim lasts. */
  readonly isProven: boolean;
}

/** The strongest claim: of two machines the one whose claim is proven. */
export function claimOfOther(heard: Heard, ear: Ear, nowMs: number): Claim | undefined {
  // its silence says nothing while adverts may be lost
  const goneMs = (atMs: number, silenceMs: number) =>
    ear.sinceMs === undefined ? nowMs + RECHECK_MS : Math.max(atMs, ear.sinceMs) + silenceMs;
  const answersWithin = (silenceMs: number) =>
    heard.answers
      .map((answer) => ({ ...answer, goneMs: goneMs(answer.atMs, silenceMs) }))
      .filter((answer) => answer.goneMs > nowMs);
  const answers = answersWithin(ANSWER_MS);
  const vip = heard.instance.firstVip.address;
  const forVip = answers.filter(({ address }) => address === vip);
  const strangers = heard.strangers
    .filter(({ source }) => ear.isHost(source) !== false)
    .map((one) => ({ source: one.source, goneMs: goneMs(one.atMs, one.goneMs - one.atMs) }))
    .filter((one) => one.goneMs > nowMs);
  const [stranger] = strangers;
  const unknown = strangers.find(({ source }) => ear.isHost(source) === undefined);
  const last = forVip.at(-1);

  if (unknown !== undefined && last !== undefined && ear.sinceMs !== undefined)
    return { ...claimOfStranger(unknown), goneMs: Math.min(unknown.goneMs, last.goneMs), isProven: true };
  const known = answersWithin(KNOWN_ANSWER_MS);
  const owned = known.flatMap((one) => (one.address === vip ? claimOfAnswering(one, known, ear) : []));
  if (owned[0] !== undefined) return owned[0];
  if (stranger !== undefined) return claimOfStranger(stranger);
  if (last === undefined) return claimOfTwin(heard, answers, ear, nowMs);
  const reason = `${last.mac} answers for ${vip} and sends no adverts that this host accepts`;
  return { reason, goneMs: last.goneMs, isProven: false };
}

function claimOfStranger({ source, goneMs }: Pick<Stranger, "source" | "goneMs">): Claim {
  const reason = `${source} owns the virtual IPs, and this host does not know yet which host that is`;
  return { source, reason, goneMs, isProven: false };
}

type PresentAnswer = AddressAnswer & { readonly goneMs: number };

/**
 * The claim of a machine that answers for the VIP, if it is a member, or the machine that this host is mistaken for.
 */
function claimOfAnswering(forVip: PresentAnswer, answers: readonly PresentAnswer[], ear: Ear): Claim[] {
  const known = addressWithMac(answers, forVip);
  if (known === undefined || !ear.mayRunVrrp(known.address)) return [];
  const { address, mac } = known;
  const reason = ear.own.addresses.includes(address)
    ? `${mac} owns the virtual IPs and has ${address}, which metadata lists for this host`
    : `${address} owns the virtual IPs and sends this host no adverts: its metadata may not list this host`;
  const goneMs = Math.min(forVip.goneMs, known.goneMs);
  return [{ reason, owner: { address, mac }, goneMs, isProven: ear.sinceMs !== undefined }];
}

/** It may be about to own the VIPs. This host waits until then, and no longer. */
function claimOfTwin(
  { beganMs }: Heard,
  answers: readonly PresentAnswer[],
  { own }: Ear,
  nowMs: number,
): Claim | undefined {
  const twin = twinAhead(answers, own);
  if (twin === undefined || nowMs >= beganMs + LONGEST_LISTEN_MS) return undefined;
  const reason = `${twin.mac} has ${twin.address}, which metadata lists for this host, and comes first`;
  return { reason, goneMs: twin.goneMs, isProven: false };
}
