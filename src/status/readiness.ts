/** Why /healthz and /readyz fail: one sentence for each reason. */

import { distinctSuspicions } from "../split-brain/causes.ts";
import { instancesAsOrdered, type Status } from "./status.ts";

/**
 * keepalived should run and does not, or a contradiction lasts. Empty while there is no group to run.
 *
 * Lost metadata or a rejected configuration is no reason: a restart because of it would interrupt a VIP that works.
 */
export function whyNotAlive(status: Status): string[] {
  const { keepalived, instances, problems, contradictions } = status;
  const isDown = !keepalived.isRunning && instances.length > 0;
  const cause = problems.find(({ part }) => part === "keepalived")?.message;
  const lasting = contradictions.filter(({ isLasting }) => isLasting);
  return [
    ...(isDown
      ? [cause === undefined ? "keepalived does not run" : `keepalived does not run: ${cause}`]
      : []),
    ...lasting.map(({ text, since }) => `${text} (since ${since})`),
  ];
}

/** Empty exactly where `isAsOrdered`. */
export function whyNotReady(status: Status): string[] {
  const { keepalived, problems, contradictions, splitBrain } = status;
  const instances = instancesAsOrdered(status);
  const notReady = instances.filter(({ state }) => state !== "MASTER" && state !== "BACKUP");
  return [
    ...(keepalived.isRunning ? [] : ["keepalived does not run"]),
    ...contradictions.filter(({ isLasting }) => isLasting).map(({ text }) => text),
    ...distinctSuspicions(splitBrain).map(
      ({ group, cause, text }) => `split brain ${group}: ${cause}: ${text}`,
    ),
    ...(instances.length > 0 ? [] : ["there is no group yet"]),
    ...notReady.map(({ name, state, since }) => `group ${name} is ${state} since ${since}`),
    ...problems
      .filter(({ part }) => part !== "advice")
      .map(({ part, code, message }) => `${code ?? part}: ${message}`),
  ];
}
