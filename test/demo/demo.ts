/**
 * Run as `npm run demo`: three hosts on this machine, an owner that is harmed again and again, and what a client
 * notices. Exit status 0 at the end of the time and at Ctrl-C, which is how the demo is meant to be left.
 */
import { AgentError } from "../../src/errors.ts";
import { requirements } from "../e2e/lab/requirements.ts";
import { DEFAULT_VIP } from "../e2e/lab/topology.ts";
import { type DemoOptions, parseOptions, USAGE } from "./options.ts";
import { openScreen } from "./screen.ts";
import { runShow } from "./show.ts";

const EXIT_CONFIG = 78;
const TITLE = [
  "rancher-keepalived: a virtual IP that is always on a host that works",
  "Three hosts (network namespaces) run the agent. Again and again the owner of the",
  `VIP ${DEFAULT_VIP} is harmed, and a client of it tells what it noticed.`,
  "Ctrl-C ends the demo and removes all of it.",
];
const READ_NEXT = 'All of it is removed. Read next: README.md, "Quick start".';

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
// whoever read the output is gone (`npm run demo | head`)
process.stdout.on("error", () => stop.abort());

try {
  process.exitCode = await demo(parseOptions(process.argv.slice(2)));
} catch (error) {
  process.exitCode = error instanceof AgentError && error.code === "USAGE" ? EXIT_CONFIG : 1;
  process.stderr.write(describe(error));
}

async function demo({ isHelpWanted, seconds }: DemoOptions): Promise<number> {
  if (isHelpWanted) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const missing = requirements();
  if (missing !== undefined) {
    process.stderr.write(`${missing}\n`);
    return 1;
  }
  const timer = seconds === undefined ? undefined : setTimeout(() => stop.abort(), seconds * 1_000);
  const screen = openScreen(process.stdout, TITLE);
  const measured = await runShow(screen, stop.signal).finally(() => {
    screen.close();
    clearTimeout(timer);
  });
  process.stdout.write(`\n${measured.join("\n")}\n${READ_NEXT}\n`);
  return 0;
}

function describe(error: unknown): string {
  if (error instanceof AgentError) return `${error.message}\n${error.hint}\n`;
  return `the demo failed: ${error instanceof Error ? error.message : error}\n`;
}
