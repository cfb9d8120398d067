import { expect, it } from "vitest";
import { watchStrangers } from "../../src/agent/strangers.ts";

const LINE = "(main) unicast source address 198.51.100.12 not a unicast peer";

it("tells of a host that stays, once it has stayed, until it is gone", () => {
  let news = 0;
  const strangers = watchStrangers(() => {
    news += 1;
  });
  strangers.read("(main) Entering MASTER STATE", 0);
  expect([news, strangers.againMs]).toEqual([0, undefined]);

  strangers.read(LINE, 1_000);
  expect(strangers.advice(1_000)).toEqual([]);
  expect(strangers.againMs).toBeGreaterThan(0);

  strangers.read(LINE, 4_000);
  expect(strangers.advice(4_000)).toEqual([expect.stringMatching(/^main: 198\.51\.100\.12 sends adverts/)]);
  expect(news).toBe(1);

  expect(strangers.advice(60_000)).toEqual([]);
  expect(strangers.againMs).toBeUndefined();
});

it("says nothing of one that a planned change made a stranger for a moment", () => {
  const strangers = watchStrangers(() => undefined);
  strangers.read(LINE, 0);
  strangers.read(LINE, 400);

  expect(strangers.advice(5_000)).toEqual([]);
});
