/** CHECK_PORT: whether the ports are published, by the host's iptables rules. */
import { minPauseMs, type RuleChanges } from "../../iptables/nat-schedule.ts";
import type { PortQuestion } from "../../ports/published-port.ts";
import { isNotJudged, type PortsVerdict } from "../../ports/published-ports.ts";
import { printableLine } from "../../text/escape.ts";
import type { ProbeOutcome } from "../probe-outcome.ts";
import type { PortsJudge } from "./ports-judge.ts";

export interface PortsProbeOptions {
  readonly judgePortsNow: PortsJudge;
  readonly nftChanges: RuleChanges;
  readonly legacyChanges: RuleChanges;
}

/** Never rejects. */
export function createPortsProbe({ judgePortsNow, nftChanges, legacyChanges }: PortsProbeOptions) {
  return async (questions: readonly PortQuestion[]): Promise<ProbeOutcome> => {
    const { reads, judged } = await judgePortsNow(questions);
    const isListening = { nft: nftChanges.isListening, legacy: legacyChanges.isListening };
    const pauses = reads.map((read) => minPauseMs(read, isListening));
    return { ...outcomeOf(judged), minPauseMs: Math.min(...pauses) };
  };
}

function outcomeOf(judged: PortsVerdict): ProbeOutcome {
  const { verdict, reason, detail, ports } = judged;
  const decisive = ports.find((port) => port.verdict === verdict && port.reason === reason);
  const subject = verdict === "unhealthy" && decisive ? `${decisive.port}/${decisive.protocol}: ` : "";
  const addition = detail === undefined ? "" : ` (${printableLine(detail)})`;
  const text = `${subject}${reason}${addition}`;
  return isNotJudged(judged)
    ? { sample: "healthy", isNotJudged: true, reason: text }
    : { sample: verdict, reason: text };
}
