/** Logs 30,000 lines, then writes `went on` to the file that it is given, and logs one line a tenth of a second. */
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { openLogOutput } from "../../../src/system/io/log-output.ts";

const LINES = 30_000;

const log = pino(
  { base: null },
  openLogOutput((lines) => log.warn({ lines }, "lost")),
);
for (let line = 0; line < LINES; line += 1) {
  log.info({ text: "x".repeat(100) }, "line");
  if (line % 1_000 === 0) await sleep(1);
}
writeFileSync(process.argv[2] ?? "", "went on");
for (;;) {
  await sleep(100);
  log.info("later");
}
