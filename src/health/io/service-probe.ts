/** CHECK_SERVICE: asks Rancher's metadata whether a service runs on this host. */
import { AgentError, describeError } from "../../errors.ts";
import type { MetadataClient } from "../../metadata/io/client.ts";
import type { MetadataStore } from "../../metadata/io/store.ts";
import type { ServiceName } from "../../settings/value-text.ts";
import type { ProbeOutcome } from "../probe-outcome.ts";
import { judgeService } from "../service-outcome.ts";

/** Pause before an unknown service is asked for again. Metadata may be overloaded. */
const RETRY_MS = 5_000;

export interface ServiceProbeOptions {
  readonly metadata: MetadataStore;
  /** Undefined without metadata. */
  readonly client: MetadataClient | undefined;
}

interface Answer {
  readonly version: string;
  readonly outcome: ProbeOutcome;
  readonly askedMs: number;
  /** Metadata answered that it does not know the service. */
  readonly isMissing: boolean;
  /** There was no document. Then a new version is no reason to ask again at once. */
  readonly hasFailed: boolean;
}

/** Never rejects. Asks once for each metadata version, because nothing else changes the answer. */
export function createServiceProbe({ client, metadata }: ServiceProbeOptions) {
  const answers = new Map<string, Answer>();
  return async ({ stackName, serviceName }: ServiceName): Promise<ProbeOutcome> => {
    const snapshot = metadata.view?.snapshot;
    if (client === undefined || snapshot === undefined)
      return { sample: "unknown", reason: "there is no metadata" };
    const [stack, service] = [stackName, serviceName].map((name) => encodeURIComponent(name.toLowerCase()));
    const path = `stacks/${stack}/services/${service}`;
    const { version, self } = snapshot;
    const previous = answers.get(path);
    const nowMs = performance.now();
    if (previous !== undefined && isCurrent(previous, version, nowMs)) return previous.outcome;
    const answer = await client.get(path).then(
      (document) => ({ outcome: judgeService(document, self.uuid), isMissing: false, hasFailed: false }),
      (error: unknown) => {
        const isMissing = error instanceof AgentError && error.code === "METADATA_NOT_FOUND";
        // a metadata service that has just started does not know any service for a moment
        const sample = isMissing && previous?.isMissing ? ("unhealthy" as const) : ("unknown" as const);
        return { outcome: { sample, reason: describeError(error) }, isMissing, hasFailed: true };
      },
    );
    answers.set(path, { version, askedMs: nowMs, ...answer });
    return answer.outcome;
  };
}

function isCurrent(
  { outcome, askedMs, hasFailed, version }: Answer,
  current: string,
  nowMs: number,
): boolean {
  if (version !== current && !hasFailed) return false;
  return outcome.sample === "unknown" ? nowMs - askedMs < RETRY_MS : version === current;
}
