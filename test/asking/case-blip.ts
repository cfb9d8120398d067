/** Short losses of the network, at a random phase of the adverts. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Case, Variant } from "./case.ts";
import { randomPhase, type Stage } from "./stage.ts";

export const LENGTHS_MS = [10, 20, 35, 50, 75, 100, 150, 200];
const WATCH_MS = 800;

type PortsOf = (stage: Stage, owner: string) => readonly string[];

function blip(where: string, portsOf: PortsOf): Variant[] {
  return LENGTHS_MS.map((faultMs) => ({
    name: `${where}, ${faultMs} ms`,
    allowed: "none-if-short",
    watchMs: WATCH_MS,
    play: async (stage, owner) => {
      await randomPhase(stage);
      const brokenAtMs = await stage.filter.cut(portsOf(stage, owner.name), faultMs);
      await sleep(faultMs);
      return { brokenAtMs, healedAtMs: brokenAtMs + faultMs };
    },
  }));
}

export const BLIP: Case = {
  name: "blip",
  title: "The network drops everything for a moment",
  variants: [
    ...blip("owner's port", (_, owner) => [owner]),
    ...blip("all ports", ({ ports }) => ports),
    ...blip("backups' ports", ({ ports }, owner) => ports.filter((port) => port !== owner)),
  ],
};
