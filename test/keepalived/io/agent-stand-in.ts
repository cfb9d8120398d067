/** An agent that starts keepalived, prints its pid, and then does nothing until it is killed. */
import { setInterval } from "node:timers/promises";
import { pino } from "pino";
import { startKeepalived } from "../../../src/keepalived/io/daemon.ts";

const [conf = "", runDir = "", reloadCheckLog = ""] = process.argv.slice(2);
const { pid } = await startKeepalived({
  conf,
  runDir,
  reloadCheckLog,
  log: pino({ level: "silent" }),
  signal: new AbortController().signal,
});
process.stdout.write(`${pid}\n`);
for await (const _ of setInterval(60_000)) {
  // Only a signal ends it.
}
