/** CHECK_PORT: whether the ports are published, by the host's iptables rules. */
import type { NatReader } from "../../iptables/io/nat-reader.ts";
import { minPauseMs, type NftChanges } from "../../iptables/nat-schedule.ts";
import type { NatReads } from "../../iptables/table-read.ts";
import { type Family, isIpv6 } from "../../network/address.ts";
import type { PortQuestion } from "../../ports/published-port.ts";
import { isNotJudged, judgePorts } from "../../ports/published-ports.ts";
import { printableLine } from "../../text/escape.ts";
import type { ProbeOutcome } from "../probe-outcome.ts";

export interface PortsProbeOptions {
  readonly natReaders: Readonly<Record<Family, NatReader>>;
  readonly nftChanges: NftChanges;
}

/** Never rejects. Judges again only if a table changed: most probes find the same tables, which are the same objects. */
export function createPortsProbe({ natReaders, nftChanges }: PortsProbeOptions) {
  const previous = new WeakMap<
    object,
    { readonly reads: readonly NatReads[]; readonly outcome: ProbeOutcome }
  >();
  return async (questions: readonly PortQuestion[]): Promise<ProbeOutcome> => {
    const needsIpv6 = questions.some(({ address }) => isIpv6(address));
    const ipv4 = await natReaders.ipv4.read();
    const reads = needsIpv6 ? [ipv4, await natReaders.ipv6.read()] : [ipv4];
    const pauses = reads.map((read) => minPauseMs(read, nftChanges.isListening));
    const pause = { minPauseMs: Math.min(...pauses) };
    const known = previous.get(questions);
    if (known !== undefined && reads.every((read, index) => isSameRead(read, known.reads[index]))) {
      return { ...known.outcome, ...pause };
    }
    const outcome = probePorts(reads, questions);
    previous.set(questions, { reads, outcome });
    return { ...outcome, ...pause };
  };
}

function isSameRead(a: NatReads, b: NatReads | undefined): boolean {
  return a.nft === b?.nft && a.legacy === b.legacy;
}

function probePorts([ipv4, ipv6]: readonly NatReads[], questions: readonly PortQuestion[]): ProbeOutcome {
  if (ipv4 === undefined) throw new RangeError("no table was read");
  const judged = judgePorts(ipv4, questions, ipv6);
  const { verdict, reason, detail, ports } = judged;
  const decisive = ports.find((port) => port.verdict === verdict && port.reason === reason);
  const subject = verdict === "unhealthy" && decisive ? `${decisive.port}/${decisive.protocol}: ` : "";
  const addition = detail === undefined ? "" : ` (${printableLine(detail)})`;
  const text = `${subject}${reason}${addition}`;
  return isNotJudged(judged)
    ? { sample: "healthy", isNotJudged: true, reason: text }
    : { sample: verdict, reason: text };
}
