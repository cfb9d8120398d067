/** Why a status is not to be believed, and why a host is not ready: a sentence for each reason. */
import type { Status } from "./status.ts";

/**
 * What makes the agent's account of its VIPs untrue; none before there is anything to run. Trouble that costs no truth
 * (metadata away, a configuration that was refused) is none: whoever restarts an agent for it would drop a VIP that works.
 */
export function whyNotAlive(status: Status): string[] {
  const { keepalived, instances, problems, contradictions } = status;
  const isDead = !keepalived.isRunning && instances.length > 0;
  const cause = problems.find(({ part }) => part === "keepalived")?.message;
  const lasting = contradictions.filter(({ isLasting }) => isLasting);
  return [
    ...(isDead
      ? [cause === undefined ? "keepalived does not run" : `keepalived does not run: ${cause}`]
      : []),
    ...lasting.map(({ text, since }) => `${text} (since ${since})`),
  ];
}

/** Empty exactly where `isAsItShould`. */
export function whyNotReady({ keepalived, instances, problems, contradictions }: Status): string[] {
  const unsettled = instances.filter(({ state }) => state !== "MASTER" && state !== "BACKUP");
  return [
    ...(keepalived.isRunning ? [] : ["keepalived does not run"]),
    ...contradictions.filter(({ isLasting }) => isLasting).map(({ text }) => text),
    ...(instances.length > 0 ? [] : ["there is no group yet"]),
    ...unsettled.map(({ name, state, since }) => `group ${name} is ${state} since ${since}`),
    ...problems
      .filter(({ part }) => part !== "advice")
      .map(({ part, code, message }) => `${code ?? part}: ${message}`),
  ];
}
