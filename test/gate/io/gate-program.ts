/**
 * An agent that does nothing but keep a gate, in a network namespace of its own. Prints a JSON line for each event. Lines on
 * stdin: `prepare`, `open`, `start` (opens it, and waits for nothing), `vips ADDRESS...`, `stop` (the signal), `close`.
 */
import { stdin, stdout } from "node:process";
import { createInterface } from "node:readline";
import { pino } from "pino";
import { createGate } from "../../../src/gate/io/gate.ts";

const print = (line: object) => void stdout.write(`${JSON.stringify(line)}\n`);

const stop = new AbortController();
const gate = createGate({
  report: {
    problem: (error) => print({ problem: String(error) }),
    problems: () => undefined,
    ok: () => undefined,
  },
  onStatus: (status) => print({ status }),
  onHold: (hold) => print({ hold: hold ?? null }),
  log: pino({ level: "silent" }),
  signal: stop.signal,
});
gate.subscribeRules(() => print({ rules: true }));

for await (const line of createInterface({ input: stdin })) {
  const [word, ...rest] = line.split(" ");
  if (word === "vips") gate.setVips(new Set(rest));
  if (word === "prepare") gate.prepare();
  if (word === "open") await gate.open();
  if (word === "start") void gate.open();
  if (word === "stop") stop.abort();
  if (word === "close") await gate.closeAfter(Promise.resolve());
  print({ done: word });
  if (word === "close") break;
}
stdin.destroy();
