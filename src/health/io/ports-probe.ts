/** CHECK_PORT: whether Rancher publishes the ports, by the host's iptables rules. */
import type { NatReader } from "../../iptables/io/nat-reader.ts";
import { minPauseMs, type NftChanges } from "../../iptables/nat-schedule.ts";
import type { NatReads } from "../../iptables/table-read.ts";
import type { PortQuestion } from "../../ports/published-port.ts";
import { judgePorts } from "../../ports/published-ports.ts";
import { printableLine } from "../../text/escape.ts";
import type { ProbeOutcome } from "../probe-outcome.ts";

export interface PortsProbeOptions {
  readonly natReader: NatReader;
  readonly nftChanges: NftChanges;
}

/** Never rejects. Judges again only if a table changed: most probes find the same tables, which are the same objects. */
export function createPortsProbe({ natReader, nftChanges }: PortsProbeOptions) {
  const previous = new WeakMap<object, { readonly reads: NatReads; readonly outcome: ProbeOutcome }>();
  return async (questions: readonly PortQuestion[]): Promise<ProbeOutcome> => {
    const reads = await natReader.read();
    const pause = { minPauseMs: minPauseMs(reads, nftChanges.isListening) };
    const known = previous.get(questions);
    if (known?.reads.nft === reads.nft && known.reads.legacy === reads.legacy) {
      return { ...known.outcome, ...pause };
    }
    const outcome = probePorts(reads, questions);
    previous.set(questions, { reads, outcome });
    return { ...outcome, ...pause };
  };
}

function probePorts(reads: NatReads, questions: readonly PortQuestion[]): ProbeOutcome {
  const { verdict, reason, detail, ports } = judgePorts(reads, questions);
  const decisive = ports.find((port) => port.verdict === verdict && port.reason === reason);
  const subject = verdict === "unhealthy" && decisive ? `${decisive.port}/${decisive.protocol}: ` : "";
  const addition = detail === undefined ? "" : ` (${printableLine(detail)})`;
  return { sample: verdict, reason: `${subject}${reason}${addition}` };
}
