/**
 * What was heard of other machines and still counts: each machine counts as gone after a silence.
 *
 * While adverts may be lost, a silence proves nothing. So no machine is gone then, and a silence begins when all is heard again.
 */
import { type AddressAnswer, addressWithMac } from "./answers.ts";
import { type Heard, type ListenerView, RECHECK_MS } from "./heard.ts";

/** A machine that answers is asked again within this time. */
const ANSWER_MS = 4_000;
/**
 * A known owner sends this host nothing, so two lost answers must not make a second owner. It counts as gone after eight
 * questions without an answer: four for the VIP, and four for its own address.
 */
const KNOWN_ROUNDS = 4;
/** It is gone after two for the VIP, if the machine still answers for its own address: its kernel gave up the VIP. */
const LEFT_ROUNDS = 2;
const ROUND_MARGIN_MS = 500;
/** A host that said hello as the owner counts as one for this long: it is asked for another hello every 10 s at least. */
const OWNER_HELLO_MS = 30_000;

/** The machine is gone at `goneMs` unless it is heard again. */
type Present<T> = T & { readonly goneMs: number };

/** A host that answers for the VIP and for an address of its own. */
export interface AnsweringHost {
  readonly forVip: Present<AddressAnswer>;
  readonly forOwn: Present<AddressAnswer>;
  /** It said hello as the owner, too. */
  readonly saidSo: boolean;
}

export interface StillHeard {
  /** Machines that send an owner's adverts and are not peers. */
  readonly strangers: readonly Present<{ readonly source: string }>[];
  /** Answers of machines that answer only for their own addresses. */
  readonly answers: readonly Present<AddressAnswer>[];
  /** The hosts among them that may run VRRP. They count longer than `answers`. */
  readonly hosts: readonly AnsweringHost[];
}

export function stillHeard(heard: Heard, listener: ListenerView, nowMs: number): StillHeard {
  const { sinceMs, roundMs } = listener;
  const goneMs = (atMs: number, silenceMs: number) =>
    sinceMs === undefined ? nowMs + RECHECK_MS : Math.max(atMs, sinceMs) + silenceMs;
  const saidSo = (address: string) => {
    const atMs = heard.ownerHellos.get(address);
    return atMs !== undefined && goneMs(atMs, OWNER_HELLO_MS) > nowMs;
  };
  // the MAC of a host that said hello is its own, whatever other addresses answer with it
  const isOfHost = ({ mac }: AddressAnswer) =>
    listener.roleOf(mac) !== "proxy" || heard.answers.some((one) => one.mac === mac && saidSo(one.address));
  const answersWithin = (silenceMs: number) =>
    heard.answers
      .filter(isOfHost)
      .map((answer) => ({ ...answer, goneMs: goneMs(answer.atMs, silenceMs) }))
      .filter((answer) => answer.goneMs > nowMs);
  const hasLeft = (forVip: AddressAnswer, forOwn: AddressAnswer) => {
    const heldMs = Math.max(forVip.atMs, heard.ownerHellos.get(forOwn.address) ?? 0, sinceMs ?? nowMs);
    return forOwn.atMs - heldMs > LEFT_ROUNDS * roundMs + ROUND_MARGIN_MS;
  };
  const known = answersWithin(KNOWN_ROUNDS * roundMs);
  const isItsOwn = (answer: AddressAnswer) => saidSo(answer.address) || isOwnByRole(answer, listener);
  const hostOf = (forVip: Present<AddressAnswer>): AnsweringHost[] => {
    const forOwn = addressWithMac(known, forVip, isItsOwn);
    const isHost = forOwn !== undefined && !hasLeft(forVip, forOwn) && listener.mayRunVrrp(forOwn.address);
    return isHost ? [{ forVip, forOwn, saidSo: saidSo(forOwn.address) }] : [];
  };
  return {
    strangers: heard.strangers
      .filter(({ source }) => listener.isHost(source) !== false)
      .map((one) => ({ source: one.source, goneMs: goneMs(one.atMs, one.goneMs - one.atMs) }))
      .filter((one) => one.goneMs > nowMs),
    answers: answersWithin(ANSWER_MS),
    hosts: known.filter(({ address }) => address === heard.instance.firstVip.address).flatMap(hostOf),
  };
}

/** Whether the answering machine owns the address. A gateway counts only for its own. */
function isOwnByRole({ address, mac }: AddressAnswer, { roleOf, isGateway }: ListenerView): boolean {
  const role = roleOf(mac);
  return role === "host" || (role === "gateway" && isGateway(address));
}
