/** CHECK_SERVICE: whether a Rancher service runs on this host, according to metadata. */
import * as v from "valibot";
import { printableLine } from "../text/escape.ts";
import type { ProbeOutcome } from "./probe-outcome.ts";

const RUNNING: readonly string[] = ["running", "updating-running"];
/** Rancher's DNS and load balancer use a container in these health states only. It has none where nothing checks it. */
const USABLE: readonly string[] = ["", "healthy", "updating-healthy"];
/** Every other health state that Rancher has. An unknown one does not count. */
const UNUSABLE: readonly string[] = [
  "initializing",
  "reinitializing",
  "unhealthy",
  "updating-reinitializing",
  "updating-unhealthy",
];

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
 * Healthy if at least one container of the service runs on this host, and Rancher itself would use it. Unknown if the
 * best one is `starting`: metadata says that while an image is pulled, and may say it for hours while the container
 * runs. Never throws: a document that Rancher would not write is `unknown`, too.
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
  const serving = here.filter((it) => useOf(it) === "healthy");
  if (serving.length > 0) {
    return {
      sample: "healthy",
      reason: `${serving.length} of ${here.length} containers on this host are well`,
    };
  }
  const states = here.map((it) => `${it.name} ${[it.state, it.health_state].filter(Boolean).join(", ")}`);
  const found = states.length === 0 ? "no container on this host" : states.toSorted().join("; ");
  const sample = here.some((it) => useOf(it) === "unknown") ? "unknown" : "unhealthy";
  return { sample, reason: printableLine(found) };
}

interface ContainerStates {
  readonly state: string;
  readonly health_state: string;
}

function useOf({ state, health_state }: ContainerStates): ProbeOutcome["sample"] {
  const isRunning = RUNNING.includes(state);
  if (UNUSABLE.includes(health_state) || !(isRunning || state === "starting")) return "unhealthy";
  return isRunning && USABLE.includes(health_state) ? "healthy" : "unknown";
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
