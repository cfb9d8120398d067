import { expect, it } from "vitest";
import { parseLogLine } from "../../src/keepalived/log-line.ts";
import { LogThrottle } from "../../src/keepalived/log-throttle.ts";

const UNKNOWN_SENDER = parseLogLine("(main) unicast source address 198.51.100.9 not a unicast peer");
const MASTER = parseLogLine("(main) Entering MASTER STATE");

it("a complaint that comes with every advert is logged once a minute, with the number of its repeats", () => {
  const log = new LogThrottle();

  const levels = Array.from({ length: 301 }, (_, i) => log.throttle(UNKNOWN_SENDER, i * 200));

  expect(levels[0]).toEqual({ level: "warn", fields: { instance: "main", line: UNKNOWN_SENDER.text } });
  expect(levels.slice(1, 300).every(({ level }) => level === "debug")).toBe(true);
  expect(levels[300]).toMatchObject({ level: "warn", fields: { repeats: 299 } });
});

it("a flood of adverts, each from another address, does not fill the log", () => {
  const log = new LogThrottle();
  const unknownSenders = Array.from({ length: 10_000 }, (_, i) =>
    parseLogLine(`(main) unicast source address 203.0.${i >> 8}.${i & 255} not a unicast peer`),
  );

  const levels = unknownSenders.map((line, i) => log.throttle(line, i).level);

  expect(levels.filter((level) => level === "warn")).toHaveLength(20);
  expect(log.throttle(parseLogLine("WARNING of another kind"), 10_000).level).toBe("warn");
});

it("a change of state is always logged", () => {
  const log = new LogThrottle();

  expect([log.throttle(MASTER, 0), log.throttle(MASTER, 1)].map(({ level }) => level)).toEqual([
    "info",
    "info",
  ]);
});

it("the last complaints, and no other lines, are kept until they are forgotten", () => {
  const log = new LogThrottle();
  for (let i = 0; i < 20; i++) log.throttle(parseLogLine(`WARNING ${i}`), i);
  log.throttle(MASTER, 20);

  expect(log.complaints).toEqual([12, 13, 14, 15, 16, 17, 18, 19].map((i) => `WARNING ${i}`));

  log.forgetComplaints();
  expect(log.complaints).toEqual([]);
});
