/** CHECK_SERVICE: whether a Rancher service runs on this host, by what metadata says. */
import * as v from "valibot";
import { printableLine } from "../text/escape.ts";
import type { ProbeOutcome } from "./probe-outcome.ts";

/** States that count as running. `starting` does not: a container is starting while its image is pulled. */
const RUNNING: readonly string[] = ["running", "updating-running"];
/** Health states that count as unhealthy. `initializing` does not: Rancher's health check has not decided yet. */
const UNHEALTHY: readonly string[] = ["unhealthy", "updating-unhealthy"];

/** In metadata a missing value, null, `[]` and `{}` all mean "none". */
const text = v.nullish(v.string(), "");
const containers = v.pipe(
  v.nullish(v.unknown(), []),
  v.transform((list) => (isEmptyObject(list) ? [] : list)),
  v.array(v.object({ name: text, host_uuid: text, state: text, health_state: text })),
);
/** A service always has a uuid. A document without one is not a service. */
const serviceSchema = v.object({ uuid: v.string(), containers });

/**
 * Healthy if at least one container of the service runs on this host, and Rancher's health check, if the service has one,
 * does not find it unhealthy. Never throws: a document that Rancher would not write is `unknown`.
 *
 * @param service the document at `stacks/STACK/services/SERVICE`.
 */
export function judgeService(service: unknown, hostUuid: string): ProbeOutcome {
  const parsed = v.safeParse(serviceSchema, service, { abortEarly: true });
  if (!parsed.success) {
    const where = v.getDotPath(parsed.issues[0]) ?? "the top";
    return { sample: "unknown", reason: printableLine(`metadata is not as Rancher writes it at ${where}`) };
  }
  const here = parsed.output.containers.filter(({ host_uuid }) => host_uuid === hostUuid);
  const serving = here.filter((it) => RUNNING.includes(it.state) && !UNHEALTHY.includes(it.health_state));
  if (serving.length > 0) {
    return { sample: "healthy", reason: `${serving.length} of ${here.length} containers on this host well` };
  }
  const states = here.map((it) => `${it.name} ${[it.state, it.health_state].filter(Boolean).join(", ")}`);
  const found = states.length === 0 ? "no container on this host" : states.toSorted().join("; ");
  return { sample: "unhealthy", reason: printableLine(found) };
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
