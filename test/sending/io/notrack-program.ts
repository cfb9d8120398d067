/** An agent that does nothing but keep adverts out of connection tracking. Lines on stdin: `check`, `close`. */
import { stdin } from "node:process";
import { createInterface } from "node:readline";
import { pino } from "pino";
import { openNotrack } from "../../../src/sending/io/notrack.ts";
import { INSTANCE } from "../../fixtures/desired.ts";

const stop = new AbortController();
const notrack = openNotrack({
  isWanted: true,
  backend: "auto",
  log: pino({ level: "silent" }),
  signal: stop.signal,
});
notrack.setInstances([INSTANCE]);
for await (const line of createInterface({ input: stdin })) {
  if (line === "check") notrack.checkSoon();
  if (line !== "close") continue;
  stop.abort();
  await notrack.closeAfter(Promise.resolve());
  break;
}
stdin.destroy();
