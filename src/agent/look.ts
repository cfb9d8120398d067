/** One look at what a check is about: the rules of the host, an answer, a script, metadata. */
import type { CheckOutcome } from "../core/check-outcome.ts";
import { judgeService } from "../core/check-service.ts";
import type { Check } from "../core/health-plan.ts";
import { judgePorts } from "../core/host-verdict.ts";
import { restMs } from "../core/nat-reading.ts";
import { checkHttp } from "../io/check-http.ts";
import { checkScript } from "../io/check-script.ts";
import { checkTcp } from "../io/check-tcp.ts";
import type { MetadataClient } from "../io/metadata.ts";
import type { NatEvents } from "../io/nat-events.ts";
import type { NatReader } from "../io/nat-reader.ts";
import type { Look, Looked } from "./health.ts";
import type { Knowledge } from "./knowledge.ts";

export interface LookOptions {
  readonly natReader: NatReader;
  readonly natEvents: NatEvents;
  readonly knowledge: Knowledge;
  /** Undefined without metadata. */
  readonly client: MetadataClient | undefined;
}

export function createLook(options: LookOptions): Look {
  const lookAtPorts = portsLook(options);
  const lookAtService = serviceLook(options);
  return async (check, timeoutMs, signal) => {
    switch (check.kind) {
      case "ports":
        return lookAtPorts(check);
      case "http":
        return checkHttp({ ...check.probe, timeoutMs, signal });
      case "tcp":
        return checkTcp({ ...check.endpoint, timeoutMs, signal });
      case "script":
        return checkScript({ script: check.script, timeoutMs, signal });
      case "service":
        return lookAtService(check);
    }
  };
}

/** The same saves need no second judgement: most looks find nothing new. */
function portsLook({ natReader, natEvents }: LookOptions) {
  let last: { readonly key: readonly unknown[]; readonly outcome: CheckOutcome } | undefined;
  return async ({ questions }: Check & { kind: "ports" }): Promise<Looked> => {
    const reads = await natReader.read();
    const rest = restMs(reads, natEvents.isListening);
    const key = [questions, textOf(reads.nft), textOf(reads.legacy)];
    const isSame = last !== undefined && key.every((value, index) => value === last?.key[index]);
    if (isSame && last !== undefined && key.slice(1).some((text) => text !== undefined))
      return { ...last.outcome, restMs: rest };
    const { verdict, reason, detail } = judgePorts(reads, questions);
    const outcome = { sample: verdict, reason: detail === undefined ? reason : `${reason} (${detail})` };
    last = { key, outcome };
    return { ...outcome, restMs: rest };
  };
}

/** Undefined also for a read that failed: its outcome is never taken for that of another. */
function textOf(read: Awaited<ReturnType<NatReader["read"]>>["nft"]): string | undefined {
  return read.kind === "table" ? read.text : undefined;
}

/** Metadata is asked once a version; while it does not answer, nothing is known anew. */
function serviceLook({ client, knowledge }: LookOptions) {
  let last: { readonly version: string; readonly outcome: CheckOutcome } | undefined;
  return async ({ service }: Check & { kind: "service" }): Promise<CheckOutcome> => {
    const snapshot = knowledge.view?.snapshot;
    if (client === undefined || snapshot === undefined)
      return { sample: "unknown", reason: "there is no metadata" };
    if (last?.version === snapshot.version) return last.outcome;
    const names = [service.stackName, service.serviceName].map((name) =>
      encodeURIComponent(name.toLowerCase()),
    );
    try {
      const document = await client.get(`stacks/${names[0]}/services/${names[1]}`);
      const outcome = judgeService(document, snapshot.self.uuid);
      last = { version: snapshot.version, outcome };
      return outcome;
    } catch (error) {
      return { sample: "unknown", reason: error instanceof Error ? error.message : String(error) };
    }
  };
}
