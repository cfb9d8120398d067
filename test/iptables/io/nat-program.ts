/**
 * An agent that does nothing but read rules: in a network namespace of its own, and killed as a whole.
 *
 * Arguments: the family, the backend, the time-out in ms, and `events` to be told of changes. Each line on stdin is a read, answered
 * with one line of JSON; `abort` ends what it started, and `invalidate` makes it list legacy. A change is a line of its own.
 */
import { createInterface } from "node:readline";
import { pino } from "pino";
import { openLegacyMonitor } from "../../../src/iptables/io/legacy-monitor.ts";
import { openNatReader } from "../../../src/iptables/io/nat-reader.ts";
import { openNftMonitor } from "../../../src/iptables/io/nft-monitor.ts";
import type { NatReads } from "../../../src/iptables/table-read.ts";

const [family = "ipv4", backend = "auto", timeoutMs = "1000", withEvents] = process.argv.slice(2);
const stop = new AbortController();
const log = pino({ level: "debug" }, process.stderr);
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const common = { log, signal: stop.signal };
const onChange = () => print({ changed: true });
const isTold = withEvents === "events";
const events = isTold && backend !== "legacy" ? openNftMonitor({ ...common, onChange }) : undefined;
const legacyEvents = isTold ? openLegacyMonitor({ ...common, onChange }) : undefined;
if (events) void events.ended.then(() => print({ ended: true }));
const reader = openNatReader({
  ...common,
  family: family as "ipv4" | "ipv6",
  backend: backend as "auto" | "nft" | "legacy",
  timeoutMs: Number(timeoutMs),
  ...(events && { changes: events }),
  ...(legacyEvents && { legacyChanges: legacyEvents }),
});

let before: NatReads | undefined;
print({ ready: true });
createInterface({ input: process.stdin }).on("line", async (line) => {
  if (line === "abort") stop.abort();
  if (line === "invalidate") reader.invalidateLegacy();
  const startMs = performance.now();
  const reads = await reader.read();
  const isSame = { nft: reads.nft === before?.nft, legacy: reads.legacy === before?.legacy };
  before = reads;
  const isListening = events?.isListening ?? false;
  const isLegacyTold = legacyEvents?.isListening ?? false;
  print({ reads, isSame, isListening, isLegacyTold, durationMs: performance.now() - startMs });
});
