import { expect, it } from "vitest";
import { parseLogLine } from "../../src/keepalived/log-line.ts";
import { createUnknownSenders } from "../../src/keepalived/unknown-senders.ts";

const TEXT = "(main) unicast source address 198.51.100.12 not a unicast peer";
const LINE = parseLogLine(TEXT);

it("tells of a host that stays, once it has stayed, until it is gone", () => {
  const news: string[] = [];
  const strangers = createUnknownSenders((address, isNew) => isNew && news.push(address));
  strangers.observe(parseLogLine("(main) Entering MASTER STATE"), 0);
  expect([news, strangers.recheckMs]).toEqual([[], undefined]);

  strangers.observe(LINE, 1_000);
  expect(strangers.advice(1_000)).toEqual([]);
  expect(strangers.recheckMs).toBeGreaterThan(0);

  strangers.observe(LINE, 4_000);
  expect(strangers.advice(4_000)).toEqual([expect.stringMatching(/^main: 198\.51\.100\.12 sends adverts/)]);
  expect(news).toEqual(["198.51.100.12"]);

  expect(strangers.advice(60_000)).toEqual([]);
  expect(strangers.recheckMs).toBeUndefined();
});

it("tells again of one that was gone for long", () => {
  const news: string[] = [];
  const strangers = createUnknownSenders((address, isNew) => isNew && news.push(address));
  for (const ms of [0, 10_000, 20_000, 40_000]) strangers.observe(LINE, ms);

  expect(news).toEqual(["198.51.100.12", "198.51.100.12"]);
});

it("says nothing of one that a planned change made a stranger for a moment", () => {
  const strangers = createUnknownSenders(() => undefined);
  strangers.observe(LINE, 0);
  strangers.observe(LINE, 400);

  expect(strangers.advice(5_000)).toEqual([]);
});

it("remembers 16 of a flood in which each has another address, and the next ones when those are gone", () => {
  let [news, adverts] = [0, 0];
  const strangers = createUnknownSenders((_address, isNew) => {
    adverts += 1;
    if (isNew) news += 1;
  });
  const flood = (ms: number) => {
    for (let i = 0; i < 20_000; i += 1) {
      strangers.observe(parseLogLine(TEXT.replace("198.51.100.12", `203.0.${i >> 8}.${i & 255}`)), ms);
    }
  };
  flood(0);
  flood(4_000);
  expect([news, strangers.advice(4_000).length]).toEqual([16, 16]);
  expect(adverts).toBe(40_000); // a peer that was dropped is heard through it

  strangers.observe(LINE, 60_000);
  strangers.observe(LINE, 64_000);

  expect(strangers.advice(64_000)).toHaveLength(1);
});
