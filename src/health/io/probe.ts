/** One look at what a check is about: the rules of the host, an answer, a script, metadata. */

import { AgentError, describeError } from "../../errors.ts";
import type { NatReader } from "../../iptables/io/nat-reader.ts";
import type { NatEvents } from "../../iptables/io/nft-monitor.ts";
import { minPauseMs } from "../../iptables/nat-schedule.ts";
import { judgePorts } from "../../iptables/published-ports.ts";
import type { NatReads } from "../../iptables/table-read.ts";
import type { MetadataClient } from "../../metadata/io/client.ts";
import type { MetadataStore } from "../../metadata/io/store.ts";
import { printableLine } from "../../text/escape.ts";
import type { Check } from "../plan.ts";
import type { ProbeOutcome } from "../probe-outcome.ts";
import { judgeService } from "../service-outcome.ts";
import type { HealthProbe, Looked } from "./check.ts";
import { probeHttp } from "./http-probe.ts";
import { probeScript } from "./script-probe.ts";
import { probeTcp } from "./tcp-probe.ts";

export interface HealthProbeOptions {
  readonly natReader: NatReader;
  readonly natEvents: NatEvents;
  readonly metadata: MetadataStore;
  /** Undefined without metadata. */
  readonly client: MetadataClient | undefined;
}

export function createHealthProbe(options: HealthProbeOptions): HealthProbe {
  const lookAtPorts = portsLook(options);
  const lookAtService = serviceLook(options);
  return async (check, timeoutMs, signal) => {
    switch (check.kind) {
      case "ports":
        return lookAtPorts(check);
      case "http":
        return probeHttp({ ...check.probe, timeoutMs, signal });
      case "tcp":
        return probeTcp({ ...check.endpoint, timeoutMs, signal });
      case "script":
        return probeScript({ script: check.script, timeoutMs, signal });
      case "service":
        return lookAtService(check);
    }
  };
}

/** The same tables need no second judgement: most looks find nothing new, and a table that is the same is one object. */
function portsLook({ natReader, natEvents }: HealthProbeOptions) {
  const last = new WeakMap<object, { readonly reads: NatReads; readonly outcome: ProbeOutcome }>();
  return async ({ questions }: Check & { kind: "ports" }): Promise<Looked> => {
    const reads = await natReader.read();
    const rest = minPauseMs(reads, natEvents.isListening);
    const known = last.get(questions);
    if (known?.reads.nft === reads.nft && known.reads.legacy === reads.legacy) {
      return { ...known.outcome, restMs: rest };
    }
    const { verdict, reason, detail, ports } = judgePorts(reads, questions);
    const decisive = ports.find((port) => port.verdict === verdict && port.reason === reason);
    const place = verdict === "unhealthy" && decisive ? `${decisive.port}/${decisive.protocol}: ` : "";
    const text = `${place}${reason}${detail === undefined ? "" : ` (${printableLine(detail)})`}`;
    const outcome = { sample: verdict, reason: text };
    last.set(questions, { reads, outcome });
    return { ...outcome, restMs: rest };
  };
}

/** What is not known of a service is asked for again after this time, ms: metadata may be in trouble already. */
const ASK_AGAIN_MS = 5_000;

interface Answer {
  readonly version: string;
  readonly outcome: ProbeOutcome;
  readonly askedMs: number;
  /** Metadata, which knows the own service, does not know this one. */
  readonly isMissing: boolean;
}

/** Metadata is asked once a version; while it does not answer, nothing is known anew. */
function serviceLook({ client, metadata }: HealthProbeOptions) {
  const answers = new Map<string, Answer>();
  return async ({ service }: Check & { kind: "service" }): Promise<ProbeOutcome> => {
    const snapshot = metadata.view?.snapshot;
    if (client === undefined || snapshot === undefined)
      return { sample: "unknown", reason: "there is no metadata" };
    const names = [service.stackName, service.serviceName].map((name) =>
      encodeURIComponent(name.toLowerCase()),
    );
    const path = `stacks/${names[0]}/services/${names[1]}`;
    const { version, self } = snapshot;
    const last = answers.get(path);
    const askedMs = performance.now();
    const isUseful =
      last?.outcome.sample === "unknown" ? askedMs - last.askedMs < ASK_AGAIN_MS : last?.version === version;
    if (last !== undefined && isUseful) return last.outcome;
    const answer = await client.get(path).then(
      (document) => ({ outcome: judgeService(document, self.uuid), isMissing: false }),
      (error: unknown) => {
        const isMissing = error instanceof AgentError && error.code === "METADATA_NOT_FOUND";
        // a metadata service that has just started knows no service for a moment
        const sample = isMissing && last?.isMissing ? ("unhealthy" as const) : ("unknown" as const);
        return { outcome: { sample, reason: describeError(error) }, isMissing };
      },
    );
    answers.set(path, { version, askedMs, ...answer });
    return answer.outcome;
  };
}
