/**
 * An agent that does nothing but listen on the wire: in a network namespace of its own, and killed as a whole.
 * Arguments: the interface, whose adverts are told at once, and the one source whose adverts are told, if there is one. Lines on stdin: `report`, `abort`, or as JSON another
 * plan, or what to announce.
 *
 * It prints a Report for each `report`. After the end it lives on as long as something holds it, and fails if it was told
 * anything since.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import process, { argv, hrtime, memoryUsage, stdin, stdout } from "node:process";
import { createInterface } from "node:readline";
import { pino } from "pino";
import type { Advert } from "../../../src/vrrp/advert.ts";
import { addressAnnouncement } from "../../../src/wire/address-announcement.ts";
import type { AddressClaim } from "../../../src/wire/address-claim.ts";
import type { CapturePlan } from "../../../src/wire/capture-plan.ts";
import { parseFrame } from "../../../src/wire/frame.ts";
import { openWireListener } from "../../../src/wire/io/listener.ts";

/** With the time it came at, ms of the clock that all processes share. */
export type TimedAdvert = Advert & { readonly atMs: number };

/** What was seen since the last one, all at once. */
export interface Report {
  /** To the interface of the first plan. */
  readonly isListening: boolean;
  readonly isPlanInForce: boolean;
  readonly hasEnded: boolean;
  /** What isListening was, since the start. */
  readonly states: readonly boolean[];
  /** Frames told, of all kinds; the first 100. */
  readonly frames: readonly string[];
  readonly claims: readonly AddressClaim[];
  /** Of whom adverts were lost. */
  readonly lost: readonly string[];
  /** Whether the listener has read all along. */
  readonly isReading: boolean;
  /** Up to when all that came was told or is known to be lost, ms of the clock that all processes share. */
  readonly readUntilMs: number;
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
const frames: string[] = [];
const claims: AddressClaim[] = [];
const lost = new Set<string>();
let latest: TimedAdvert | undefined;
let count = 0;
let hasStopped = false;
let hasEnded = false;

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const [name = "eth0", source] = argv.slice(2);
const log = pino({ level: "trace" }, { write: (line: string) => logged.push(line) });
const wire = openWireListener({
  log,
  signal: stop.signal,
  onFrame: (text) => {
    if (hasStopped) process.exitCode = 1;
    const frame = parseFrame(text);
    if (frames.length < 100) frames.push(text);
    if (frame?.claim !== undefined && claims.length < 100) claims.push(frame.claim);
    if (frame?.advert === undefined || (source !== undefined && frame.advert.source !== source)) return;
    count += 1;
    latest = { ...frame.advert, atMs: Number(hrtime.bigint()) / 1e6 };
    if (count <= 100) adverts.push(latest);
  },
  onLost: ({ speakers }) => lost.add(speakers),
  onState: () => {
    if (hasStopped) process.exitCode = 1;
    const isListening = wire.listeningOn.has(name);
    if (isListening !== (states.at(-1) ?? false)) states.push(isListening);
  },
});
wire.setPlan({
  targets: [
    {
      interface: name,
      mac: undefined,
      linkLocal: undefined,
      guardedAddresses: [],
      askedAddresses: [],
      rivals: [],
    },
  ],
  members: [],
  knownFrames: [],
  pace: "immediate",
});
void wire.ended.then(() => {
  hasEnded = true;
});

const say = () => {
  const report: Report = {
    isListening: wire.listeningOn.has(name),
    isPlanInForce: wire.isPlanInForce,
    hasEnded,
    states,
    frames,
    claims,
    lost: [...lost].toSorted(),
    isReading: wire.readingSinceMs !== undefined,
    readUntilMs: Number(hrtime.bigint()) / 1e6 - (performance.now() - wire.readUntilMs),
    adverts,
    latest,
    count,
    logged,
    stillMs: delay.max / 1e6,
    memoryBytes: memoryUsage.rss(),
  };
  stdout.write(`${JSON.stringify(report)}\n`);
  for (const list of [adverts, frames, claims]) list.length = 0;
  lost.clear();
  count = 0;
  delay.reset();
};
const take = (given: CapturePlan | { mac: string; addresses: readonly string[] }) => {
  if (!("addresses" in given)) return wire.setPlan(given);
  const packets = given.addresses.map((address) => addressAnnouncement(address, given.mac, false));
  wire.announce(name, packets);
};
createInterface({ input: stdin }).on("line", (line) => {
  if (line === "report") return say();
  if (line !== "abort") return take(JSON.parse(line));
  hasStopped = true;
  stop.abort();
  void wire.ended.then(() => stdin.destroy());
});
