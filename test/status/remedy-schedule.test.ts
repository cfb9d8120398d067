import { expect, it } from "vitest";
import type { FoundContradiction, Remedy } from "../../src/status/contradiction.ts";
import { createRemedySchedule } from "../../src/status/remedy-schedule.ts";

const vip = { group: "main", interface: "eth0", address: "198.51.100.50", prefix: 32 };
const HOLD: Remedy = { kind: "hold", group: "main", vip };
const found = (remedy: Remedy, lastResort?: Remedy): FoundContradiction => ({
  key: "main is wrong",
  text: "main is wrong: nobody knows why",
  remedy,
  ...(lastResort && { lastResort }),
  remedyDelayMs: 0,
});
/** The kinds of the remedies at these times. */
const kindsAt = (what: FoundContradiction, seconds: readonly number[]) => {
  const schedule = createRemedySchedule();
  return seconds.map((second) => schedule.due(what, 1_000 * second)?.kind);
};

it("replaces keepalived once in ten minutes for one contradiction, and holds the group in between", () => {
  const replace = found({ kind: "replace", why: "x", how: "gently" }, HOLD);
  expect(kindsAt(replace, [0, 6, 300, 599, 600, 601])).toEqual([
    "replace",
    "hold",
    "hold",
    "hold",
    "replace",
    "hold",
  ]);
});

it("replaces each keepalived that does not answer, and removes an address each time", () => {
  const hung = found({ kind: "replace", why: "x", how: "by force" });
  expect(kindsAt(hung, [0, 1, 2])).toEqual(["replace", "replace", "replace"]);
  expect(kindsAt(found({ kind: "remove", addresses: new Set() }), [0, 1])).toEqual(["remove", "remove"]);
});

it("reloads with pauses that grow to a minute", () => {
  const seconds = Array.from({ length: 241 }, (_, second) => second);
  const kinds = kindsAt(found({ kind: "reload", why: "x" }), seconds);
  expect(seconds.filter((second) => kinds[second] === "reload")).toEqual([0, 5, 15, 35, 75, 135, 195]);
});

it("tells contradictions apart by their keys", () => {
  const schedule = createRemedySchedule();
  const replace = found({ kind: "replace", why: "x", how: "gently" }, HOLD);
  expect(schedule.due(replace, 0)?.kind).toBe("replace");
  expect(schedule.due({ ...replace, text: "main is wrong: its disk is full" }, 1)?.kind).toBe("hold");
  expect(schedule.due({ ...replace, key: "other is wrong" }, 1)?.kind).toBe("replace");
});
