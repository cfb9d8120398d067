/** An agent that does nothing but keep the release table, in a network namespace of its own. Prints a JSON line at each change. */
import { stdout } from "node:process";
import { pino } from "pino";
import { openReleaseTable } from "../../../src/owner-probe/io/release-table.ts";

const table = openReleaseTable({
  onChange: () => void stdout.write(`${JSON.stringify({ isUp: table.isUp, problem: table.problem })}\n`),
  log: pino({ level: "silent" }),
  signal: new AbortController().signal,
});
table.want();
