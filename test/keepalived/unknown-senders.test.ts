import { expect, it } from "vitest";
import { parseLogLine } from "../../src/keepalived/log-line.ts";
import { createUnknownSenders } from "../../src/keepalived/unknown-senders.ts";

const TEXT = "(main) unicast source address 198.51.100.12 not a unicast peer";
const LINE = parseLogLine(TEXT);

it("advises on a sender that stays, until it is gone", () => {
  const news: string[] = [];
  const unknownSenders = createUnknownSenders((address, isNew) => isNew && news.push(address));
  unknownSenders.observe(parseLogLine("(main) Entering MASTER STATE"), 0);
  expect([news, unknownSenders.recheckMs]).toEqual([[], undefined]);

  unknownSenders.observe(LINE, 1_000);
  expect(unknownSenders.advice(1_000)).toEqual([]);
  expect(unknownSenders.recheckMs).toBeGreaterThan(0);

  unknownSenders.observe(LINE, 4_000);
  expect(unknownSenders.advice(4_000)).toEqual([
    expect.stringMatching(/^main: 198\.51\.100\.12 sends adverts/),
  ]);
  expect(news).toEqual(["198.51.100.12"]);

  expect(unknownSenders.advice(60_000)).toEqual([]);
  expect(unknownSenders.recheckMs).toBeUndefined();
});

it("reports a sender again that was gone for long", () => {
  const news: string[] = [];
  const unknownSenders = createUnknownSenders((address, isNew) => isNew && news.push(address));
  for (const ms of [0, 10_000, 20_000, 40_000]) unknownSenders.observe(LINE, ms);

  expect(news).toEqual(["198.51.100.12", "198.51.100.12"]);
});

it("does not advise on a sender that was unknown for a moment, as in a planned change", () => {
  const unknownSenders = createUnknownSenders(() => undefined);
  unknownSenders.observe(LINE, 0);
  unknownSenders.observe(LINE, 400);

  expect(unknownSenders.advice(5_000)).toEqual([]);
});

it("remembers 16 senders of a flood with ever new addresses, and others when those are gone", () => {
  let [news, adverts] = [0, 0];
  const unknownSenders = createUnknownSenders((_address, isNew) => {
    adverts += 1;
    if (isNew) news += 1;
  });
  const flood = (ms: number) => {
    for (let i = 0; i < 20_000; i += 1) {
      unknownSenders.observe(parseLogLine(TEXT.replace("198.51.100.12", `203.0.${i >> 8}.${i & 255}`)), ms);
    }
  };
  flood(0);
  flood(4_000);
  expect([news, unknownSenders.advice(4_000).length]).toEqual([16, 16]);
  expect(adverts).toBe(40_000); // a peer that metadata lost is noticed by its adverts

  unknownSenders.observe(LINE, 60_000);
  unknownSenders.observe(LINE, 64_000);

  expect(unknownSenders.advice(64_000)).toHaveLength(1);
});
