/** One probe of any kind of check. Each kind has its own file. */
import type { Logger } from "pino";
import type { SharedChains } from "../../iptables/io/chains-listing.ts";
import type { NatReader } from "../../iptables/io/nat-reader.ts";
import type { RuleChanges } from "../../iptables/nat-schedule.ts";
import type { Family } from "../../network/address.ts";
import type { Check } from "../plan.ts";
import type { ProbeOutcome } from "../probe-outcome.ts";
import { probeHttp } from "./http-probe.ts";
import { createPortsJudge } from "./ports-judge.ts";
import { createPortsProbe } from "./ports-probe.ts";
import { probeScript } from "./script-probe.ts";
import { createServiceProbe, type ServiceProbeOptions } from "./service-probe.ts";
import { createTargetConnections } from "./target-connections.ts";
import { createTargetPaths } from "./target-paths.ts";
import { createTargetProbe } from "./target-probe.ts";
import { probeTcp } from "./tcp-probe.ts";

/** Probes once. @throws the reason of the signal if that aborts. */
export type HealthProbe = (check: Check, timeoutMs: number, signal: AbortSignal) => Promise<ProbeOutcome>;

export interface HealthProbeOptions extends ServiceProbeOptions {
  readonly natReaders: Readonly<Record<Family, NatReader>>;
  readonly nftChanges: RuleChanges;
  readonly legacyChanges: RuleChanges;
  readonly sharedChains?: SharedChains;
  readonly log: Logger;
  /** Ends what probes leave running in the background. */
  readonly signal: AbortSignal;
}

export function createHealthProbe(options: HealthProbeOptions): HealthProbe {
  const { nftChanges, legacyChanges, signal: agentSignal } = options;
  const judgePortsNow = createPortsJudge(options.natReaders);
  const probePorts = createPortsProbe({ judgePortsNow, nftChanges, legacyChanges });
  const probeTarget = createTargetProbe({
    judgePortsNow,
    invalidateLegacy: () => {
      for (const reader of Object.values(options.natReaders)) reader.invalidateLegacy();
    },
    paths: createTargetPaths({ ...options, signal: agentSignal }),
    connections: createTargetConnections(agentSignal),
  });
  const probeService = createServiceProbe(options);
  return async (check, timeoutMs, signal) => {
    switch (check.kind) {
      case "ports":
        return probePorts(check.questions);
      case "target":
        return probeTarget(check.questions, timeoutMs);
      case "http":
        return probeHttp({ ...check.probe, timeoutMs, signal });
      case "tcp":
        return probeTcp({ ...check.endpoint, timeoutMs, signal });
      case "script":
        return probeScript({ script: check.script, timeoutMs, signal });
      case "service":
        return probeService(check.service);
    }
  };
}
