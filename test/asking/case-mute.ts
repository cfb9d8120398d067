/** An owner whose VRRP is dead while its kernel lives: it answers questions, so asking must change nothing. */
import { setTimeout as sleep } from "node:timers/promises";
import { keepalivedPids, processesOf, signalTo } from "../soak/processes.ts";
import type { Case, Variant } from "./case.ts";
import { epochNow, randomPhase } from "./stage.ts";

const LENGTHS_MS = [200, 400, 1_000, 3_000];
const WATCH_MS = 3_000;

function frozen(faultMs: number): Variant {
  return {
    name: `keepalived stopped for ${faultMs} ms`,
    allowed: "one",
    watchMs: WATCH_MS,
    play: async (stage, owner) => {
      const { parent, child } = keepalivedPids(processesOf(owner));
      await randomPhase(stage);
      const brokenAtMs = epochNow();
      for (const pid of [child, parent]) signalTo(pid, "SIGSTOP");
      await sleep(faultMs);
      for (const pid of [parent, child]) signalTo(pid, "SIGCONT");
      return { brokenAtMs, healedAtMs: brokenAtMs };
    },
  };
}

function killed(name: string, which: readonly ("parent" | "child")[]): Variant {
  return {
    name,
    allowed: "one",
    watchMs: WATCH_MS,
    play: async (stage, owner) => {
      const pids = keepalivedPids(processesOf(owner));
      await randomPhase(stage);
      const brokenAtMs = epochNow();
      for (const each of which) signalTo(pids[each], "SIGKILL");
      return { brokenAtMs, healedAtMs: brokenAtMs };
    },
  };
}

function filtered(faultMs: number): Variant {
  return {
    name: `adverts lost for ${faultMs} ms`,
    allowed: "one",
    watchMs: WATCH_MS,
    play: async (stage, owner) => {
      await randomPhase(stage);
      const brokenAtMs = await stage.filter.silenceVrrp([owner.name], faultMs);
      await sleep(faultMs);
      return { brokenAtMs, healedAtMs: brokenAtMs };
    },
  };
}

export const MUTE: Case = {
  name: "mute",
  title: "The owner's VRRP is dead, its kernel lives",
  variants: [
    ...LENGTHS_MS.map(frozen),
    ...LENGTHS_MS.map(filtered),
    killed("keepalived's child killed", ["child"]),
    killed("both processes killed", ["child", "parent"]),
  ],
};
