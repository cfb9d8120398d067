/** A busy machine with a healthy owner: every takeover is a false one. */
import type { Case, Variant } from "./case.ts";
import { groupContainer, type LoadKind, runLoad } from "./load.ts";
import { epochNow } from "./stage.ts";

/** All settings are played at the same time: together they get this load once. */
const running = new Map<string, Promise<void>>();

function load(name: string, kind: LoadKind, count: number): Variant {
  return {
    name,
    allowed: "none",
    isLong: true,
    watchMs: 1_000,
    play: async (stage, _, { seconds }) => {
      const ends = stage.lab.hosts.map(groupContainer);
      const brokenAtMs = epochNow();
      const shared = running.get(name) ?? runLoad(kind, count, seconds);
      running.set(name, shared);
      await shared;
      running.delete(name);
      await Promise.all(ends.map((end) => end()));
      return { brokenAtMs, healedAtMs: brokenAtMs };
    },
  };
}

export const LOAD: Case = {
  name: "load",
  title: "A busy machine, and nothing wrong",
  isLasting: true,
  variants: [load("16 busy loops", "busy", 16), load("4 fork storms", "forks", 4)],
};
