/** An owner that is gone: how long it takes until another host has the VIP. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../e2e/lab/host.ts";
import type { Case, Variant } from "./case.ts";
import { epochNow, randomPhase, type Stage } from "./stage.ts";

/** Longer than three adverts of 0.2 s and the skew time. */
const GONE_MS = 1_300;
const WATCH_MS = 1_500;

interface Death {
  readonly name: string;
  /** @returns when it happened, ms since the epoch. */
  strike(stage: Stage, owner: Host): Promise<number>;
  heal(stage: Stage, owner: Host): Promise<unknown>;
}

const DEATHS: readonly Death[] = [
  {
    name: "link down at the switch",
    strike: (_, owner) => timed(() => owner.setLink("down", "switch")),
    heal: (_, owner) => owner.setLink("up", "switch"),
  },
  {
    name: "host silent (its port drops everything)",
    strike: ({ filter }, { name }) => filter.cut([name]),
    heal: ({ filter }, { name }) => filter.mend([name]),
  },
  {
    name: "host dead (its port drops everything, all processes killed)",
    strike: async ({ filter }, owner) => {
      const atMs = await filter.cut([owner.name]);
      await owner.killContainer();
      return atMs;
    },
    heal: async (stage, owner) => {
      await stage.filter.mend([owner.name]);
      await stage.restart(owner);
    },
  },
  {
    name: "container killed",
    strike: (_, owner) => timed(() => owner.killContainer()),
    heal: (stage, owner) => stage.restart(owner),
  },
];

function dead({ name, strike, heal }: Death): Variant {
  return {
    name,
    allowed: "one",
    watchMs: WATCH_MS,
    play: async (stage, owner) => {
      await randomPhase(stage);
      const brokenAtMs = await strike(stage, owner);
      await sleep(GONE_MS);
      const healedAtMs = epochNow();
      await heal(stage, owner);
      return { brokenAtMs, healedAtMs };
    },
  };
}

/** @returns when the change began. */
async function timed(change: () => Promise<unknown>): Promise<number> {
  const atMs = epochNow();
  await change();
  return atMs;
}

export const DEAD: Case = {
  name: "dead",
  title: "The owner is gone: time until another host has the VIP",
  isTimed: true,
  variants: DEATHS.map(dead),
};
