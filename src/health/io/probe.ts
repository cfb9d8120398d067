/** One probe of any kind of check. Each kind has its own file. */
import type { Check } from "../plan.ts";
import type { ProbeOutcome } from "../probe-outcome.ts";
import { probeHttp } from "./http-probe.ts";
import { createPortsProbe, type PortsProbeOptions } from "./ports-probe.ts";
import { probeScript } from "./script-probe.ts";
import { createServiceProbe, type ServiceProbeOptions } from "./service-probe.ts";
import { probeTcp } from "./tcp-probe.ts";

/** Probes once. @throws the reason of the signal if that aborts. */
export type HealthProbe = (check: Check, timeoutMs: number, signal: AbortSignal) => Promise<ProbeOutcome>;

export function createHealthProbe(options: PortsProbeOptions & ServiceProbeOptions): HealthProbe {
  const probePorts = createPortsProbe(options);
  const probeService = createServiceProbe(options);
  return async (check, timeoutMs, signal) => {
    switch (check.kind) {
      case "ports":
        return probePorts(check.questions);
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
