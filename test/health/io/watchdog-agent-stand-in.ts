/**
 * An agent that owns its VIPs and beats, for tests that freeze it. Arguments: how the paths of the track files begin,
 * the watchdog's time-out, the time between beats; in ms. It says what happens, one line each.
 *
 * SIGUSR2 blocks its event loop for three time-outs. SIGHUP has it own the VIPs again.
 */
import { pino } from "pino";
import { openTrackFile } from "../../../src/health/io/track-file.ts";
import { openWatchdog } from "../../../src/health/io/watchdog.ts";

const [pathPrefix = "", timeoutMs = 0, beatMs = 0] = process.argv
  .slice(2)
  .map((it, i) => (i ? Number(it) : it));
const say = (line: string) => process.stdout.write(`${line}\n`);

const trackFile = await openTrackFile(`${pathPrefix}main`);
const watchdog = openWatchdog({
  pathPrefix: String(pathPrefix),
  timeoutMs: Number(timeoutMs),
  onEmptied: () => say("emptied"),
  log: pino({ level: "silent" }),
  signal: new AbortController().signal,
});

let beats = 0;
setInterval(() => {
  watchdog.beat();
  beats += 1;
  say(`beat ${beats}`);
}, Number(beatMs));

const own = async () => {
  await trackFile.set(false);
  await trackFile.set(true);
  say("owns");
};
process.on("SIGHUP", () => void own());
process.on("SIGUSR2", () => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * Number(timeoutMs));
  say("thawed");
});
await own();
