/**
 * An agent that does nothing but listen for changes of the network: in a network namespace of its own, and killed as a
 * whole. Arguments: the addresses that are ours. A line on stdin aborts.
 *
 * It prints the time of each word, ns of the clock that all processes share, what becomes of a reading of the network
 * (`news`, `told`, `untold`), and pino's lines, which are JSON. After the
 * abort it ends as soon as nothing holds it.
 */
import { once } from "node:events";
import { argv, hrtime, stdin, stdout } from "node:process";
import { pino } from "pino";
import { createNetworkMonitor } from "../../../src/network/io/monitor.ts";
import { openWireListener } from "../../../src/wire/io/listener.ts";

const ours = new Set(argv.slice(2));
const stop = new AbortController();

const monitor = createNetworkMonitor();
const listener = openWireListener({
  log: pino({ level: "debug" }, stdout),
  signal: stop.signal,
  companions: [monitor.companion],
  onFrame: () => undefined,
  onState: () => undefined,
});
monitor.watch({
  signal: stop.signal,
  isVip: (address) => ours.has(address),
  onEvent: () => stdout.write("news\n"),
  onListening: (isListening) => stdout.write(isListening ? "told\n" : "untold\n"),
  onChange: () => stdout.write(`${hrtime.bigint()}\n`),
});
await once(stdin, "data");
stop.abort();
await listener.ended;
stdin.destroy();
