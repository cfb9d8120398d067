import { expect, it } from "vitest";
import type { JournalEvent } from "../../src/journal/event.ts";
import { createLineLimit, LINES_AN_HOUR } from "../../src/journal/line-limit.ts";

const MINUTE_MS = 60_000;
const suspicion = (group: string, isOver = false): JournalEvent => {
  return { kind: "split-brain", group, cause: "unknown-host", text: "x", isOver };
};

it(`writes ${LINES_AN_HOUR} lines of a forgery that goes on and off within an hour, and goes on later`, () => {
  const limit = createLineLimit();
  const verdicts = Array.from({ length: 60 }, (_, minute) =>
    limit.judge(suspicion("web", minute % 2 === 1), minute * MINUTE_MS),
  ).map(({ is }) => is);

  expect(verdicts.slice(0, LINES_AN_HOUR - 1)).toEqual(Array(LINES_AN_HOUR - 1).fill("write"));
  expect(verdicts[LINES_AN_HOUR - 1]).toBe("write-last");
  expect(new Set(verdicts.slice(LINES_AN_HOUR))).toEqual(new Set(["leave-out"]));
  expect(limit.judge(suspicion("web"), 60 * MINUTE_MS).is).toBe("write-last");
});

it("limits each group, part and kind by itself, and never what moves a VIP", () => {
  const limit = createLineLimit();
  for (let count = 0; count < LINES_AN_HOUR; count += 1) {
    limit.judge(suspicion("web"), 0);
    limit.judge({ kind: "problem", part: "advice", text: "x" }, 0);
  }
  const isOf = (event: JournalEvent) => limit.judge(event, 1).is;

  expect(isOf(suspicion("web"))).toBe("leave-out");
  expect(isOf({ kind: "problem", part: "advice" })).toBe("leave-out");
  expect(isOf(suspicion("db"))).toBe("write");
  expect(isOf({ kind: "problem", part: "metadata" })).toBe("write");
  expect(isOf({ kind: "contradiction", text: "x", isOver: false })).toBe("write");
  const paused = (durationMs: number): JournalEvent => ({ kind: "agent-frozen", durationMs });
  expect(Array.from({ length: 21 }, () => isOf(paused(4_999))).at(-1)).toBe("leave-out");
  expect(Array.from({ length: 99 }, () => isOf(paused(5_000)))).toEqual(Array(99).fill("write"));
  const transition: JournalEvent = { kind: "transition", group: "web", from: "MASTER", to: "BACKUP" };
  expect(Array.from({ length: 99 }, () => isOf(transition))).toEqual(Array(99).fill("write"));
});
