/** Judges the ports of a group by the host's nat tables, as they are now. The checks `ports` and `target` share it. */
import type { NatReader } from "../../iptables/io/nat-reader.ts";
import type { NatReads } from "../../iptables/table-read.ts";
import { type Family, isIpv6 } from "../../network/address.ts";
import type { PortQuestion } from "../../ports/published-port.ts";
import { judgePorts, type PortsVerdict } from "../../ports/published-ports.ts";

export interface JudgedPorts {
  /** IPv4's, and IPv6's if a question needs them. */
  readonly reads: readonly NatReads[];
  readonly judged: PortsVerdict;
}

/**
 * Judges by the rules as they are at the call or later, or by a read younger than `maxAgeMs`. Never rejects, but for an
 * empty list of questions.
 */
export type PortsJudge = (questions: readonly PortQuestion[], maxAgeMs?: number) => Promise<JudgedPorts>;

/** Judges again only if a table changed: most reads find the same tables, which are the same objects. */
export function createPortsJudge(natReaders: Readonly<Record<Family, NatReader>>): PortsJudge {
  const previous = new WeakMap<object, JudgedPorts>();
  const readers = { ipv4: withAge(natReaders.ipv4), ipv6: withAge(natReaders.ipv6) };
  return async (questions, maxAgeMs = 0) => {
    const ipv4 = await readers.ipv4(maxAgeMs);
    const needsIpv6 = questions.some(({ address }) => isIpv6(address));
    const ipv6 = needsIpv6 ? await readers.ipv6(maxAgeMs) : undefined;
    const reads = ipv6 === undefined ? [ipv4] : [ipv4, ipv6];
    const known = previous.get(questions);
    const isKnown = reads.every((read, index) => isSameRead(read, known?.reads[index]));
    const judged = known !== undefined && isKnown ? known.judged : judgePorts(ipv4, questions, ipv6);
    const next = { reads, judged };
    previous.set(questions, next);
    return next;
  };
}

/** The reader, which takes its last read again where that is not too old, also where it has not ended. */
function withAge(natReader: NatReader): (maxAgeMs: number) => Promise<NatReads> {
  let last: { readonly reads: Promise<NatReads>; readonly atMs: number } | undefined;
  return (maxAgeMs) => {
    const atMs = performance.now();
    if (last === undefined || atMs - last.atMs >= maxAgeMs) last = { reads: natReader.read(), atMs };
    return last.reads;
  };
}

function isSameRead(a: NatReads, b: NatReads | undefined): boolean {
  return a.nft === b?.nft && a.legacy === b.legacy && a.earlier === b.earlier;
}
