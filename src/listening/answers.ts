/**
 * Who answers by ARP or neighbour discovery for the first VIP, for the addresses of members, and for this host's own.
 *
 * An owner whose metadata does not list this host sends it no adverts. But its kernel answers for the VIP, with the
 * same MAC as for the owner's own address. So this host finds the owner without its help.
 */

export interface AddressAnswer {
  /** Canonical. */
  readonly address: string;
  /** `02:00:00:00:00:01`. */
  readonly mac: string;
  /** When it came last, on one monotonic clock. */
  readonly atMs: number;
}

/** How other hosts know this host. Another machine with the same address or MAC may be mistaken for it. */
export interface OwnIdentity {
  /** The addresses by which the other hosts know this host, whether it has them or not. */
  readonly addresses: readonly string[];
  readonly isLocal: (address: string) => boolean;
  /** The MAC of the group's interface. Undefined where it has none. */
  readonly mac: string | undefined;
}

/** Forged answers for an address must not cost memory or push out the real answer, which is asked for again. */
const MAX_ANSWERS = 32;
/** An answer older than this no longer counts, whatever was lost since. */
const FORGET_MS = 60_000;

/** The answers with one more. */
export function withAnswer(
  answers: readonly AddressAnswer[],
  { address, mac }: Pick<AddressAnswer, "address" | "mac">,
  nowMs: number,
): readonly AddressAnswer[] {
  const others = answers.filter(
    (one) => (one.address !== address || one.mac !== mac) && nowMs - one.atMs < FORGET_MS,
  );
  const alike = others.filter((one) => one.address === address);
  const dropped = alike.length >= MAX_ANSWERS ? alike[0] : undefined;
  return [...others.filter((one) => one !== dropped), { address, mac, atMs: nowMs }];
}

/**
 * The answer for another address by the machine that has this MAC. An address does not count if another machine answers
 * for it, too, and not for the VIP: the first machine may be a router that answers for every address. A host with two
 * cards in one network answers for both addresses with both MACs.
 *
 * @param isItsOwn false where the answer may be for the address of another machine.
 */
export function addressWithMac<T extends AddressAnswer>(
  answers: readonly T[],
  { address: vip, mac }: AddressAnswer,
  isItsOwn: (answer: AddressAnswer) => boolean,
): T | undefined {
  const ofVip = new Set(answers.flatMap((one) => (one.address === vip ? one.mac : [])));
  return answers.find(
    (answer) =>
      answer.address !== vip &&
      answer.mac === mac &&
      isItsOwn(answer) &&
      answers.every((other) => other.address !== answer.address || ofVip.has(other.mac)),
  );
}

/**
 * The answer of another machine that has this host's listed address and comes first: this host does not have that
 * address, or the other one has the lower MAC.
 */
export function twinAhead<T extends AddressAnswer>(answers: readonly T[], own: OwnIdentity): T | undefined {
  return answers.find(
    ({ address, mac }) =>
      own.addresses.includes(address) && (!own.isLocal(address) || (own.mac !== undefined && mac < own.mac)),
  );
}
