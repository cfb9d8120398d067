/**
 * Virtual machines and containers that are paused. A paused machine is silent; a paused container has a kernel that answers.
 *
 * In a real paused machine the kernel's timers stop, too. Here they go on, so a lease may end during the pause.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../e2e/lab/host.ts";
import type { Case, Played, Variant } from "./case.ts";
import { pauseContainer } from "./container-pause.ts";
import { epochNow, randomPhase, type Stage } from "./stage.ts";

const LENGTHS_MS = [50, 100, 200, 400, 700, 1_000, 2_000];
const WATCH_MS = 2_500;

type Kind = "machine" | "container";

async function pause(stage: Stage, host: Host, kind: Kind, lengthMs: number): Promise<Played> {
  await randomPhase(stage);
  const brokenAtMs = epochNow();
  const resume = pauseContainer(host);
  if (kind === "machine") await stage.filter.cut([host.name]);
  await sleep(Math.max(0, lengthMs - (epochNow() - brokenAtMs)));
  const mended = kind === "machine" ? stage.filter.mend([host.name]) : undefined;
  resume();
  await mended;
  return { brokenAtMs, healedAtMs: epochNow() };
}

function owner(kind: Kind): Variant[] {
  return LENGTHS_MS.map((faultMs) => ({
    name: `owner's ${kind}, ${faultMs} ms`,
    allowed: kind === "machine" ? "none-if-short" : "one",
    watchMs: WATCH_MS,
    play: async (stage, owner) => pause(stage, owner, kind, faultMs),
  }));
}

/** The first backup in the order of the hosts, or the last one: one of the two is preferred. */
function backup(kind: Kind, which: 0 | 1): Variant[] {
  return LENGTHS_MS.map((faultMs) => ({
    name: `backup ${which + 1}'s ${kind}, ${faultMs} ms`,
    allowed: "none",
    watchMs: WATCH_MS,
    play: async (stage, owner) => pause(stage, stage.others(owner)[which]!, kind, faultMs),
  }));
}

export const PAUSED: Case = {
  name: "paused",
  title: "A machine or a container is paused",
  variants: [
    ...owner("machine"),
    ...owner("container"),
    ...backup("machine", 0),
    ...backup("machine", 1),
    ...backup("container", 0),
    ...backup("container", 1),
  ],
};
