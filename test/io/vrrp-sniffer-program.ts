/**
 * An agent that does nothing but look for adverts: in a network namespace of its own, and killed as a whole.
 * Argument: the interface. Lines on stdin: `report`, `abort`, `close`.
 *
 * It prints a Report for each `report`. After the end it lives on as long as something holds it, and fails if it was told
 * anything since.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import process, { argv, hrtime, memoryUsage, stdin, stdout } from "node:process";
import { createInterface } from "node:readline";
import { pino } from "pino";
import type { Advert } from "../../src/core/vrrp-advert.ts";
import { openVrrpSniffer } from "../../src/io/vrrp-sniffer.ts";

/** With the time it came at, ms of the clock that all processes share. */
export type TimedAdvert = Advert & { readonly atMs: number };

/** What was seen since the last one, all at once. */
export interface Report {
  readonly isListening: boolean;
  readonly hasEnded: boolean;
  /** What onState told, since the start. */
  readonly states: readonly boolean[];
  /** The first 100. */
  readonly adverts: readonly TimedAdvert[];
  readonly latest: TimedAdvert | undefined;
  readonly count: number;
  /** Lines of the log, since the start. */
  readonly logged: readonly string[];
  /** How long the event loop stood still at most, ms. */
  readonly stillMs: number;
  readonly memoryBytes: number;
}

const stop = new AbortController();
const logged: string[] = [];
const states: boolean[] = [];
const adverts: TimedAdvert[] = [];
let latest: TimedAdvert | undefined;
let count = 0;
let hasStopped = false;
let hasEnded = false;

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const sniffer = openVrrpSniffer({
  interfaceName: argv[2] ?? "eth0",
  log: pino({ level: "trace" }, { write: (line: string) => logged.push(line) }),
  signal: stop.signal,
  onAdvert: (advert) => {
    count += 1;
    if (hasStopped) process.exitCode = 1;
    latest = { ...advert, atMs: Number(hrtime.bigint()) / 1e6 };
    if (count <= 100) adverts.push(latest);
  },
  onState: (isListening) => {
    states.push(isListening);
    if (hasStopped) process.exitCode = 1;
  },
});
void sniffer.ended.then(() => {
  hasEnded = true;
});

const say = () => {
  const report: Report = {
    isListening: sniffer.isListening,
    hasEnded,
    states,
    adverts,
    latest,
    count,
    logged,
    stillMs: delay.max / 1e6,
    memoryBytes: memoryUsage.rss(),
  };
  stdout.write(`${JSON.stringify(report)}\n`);
  adverts.length = 0;
  count = 0;
  delay.reset();
};
createInterface({ input: stdin }).on("line", (line) => {
  if (line === "report") return say();
  hasStopped = true;
  if (line === "close") return void sniffer.close().then(() => stdin.destroy());
  stop.abort();
  void sniffer.ended.then(() => stdin.destroy());
});
