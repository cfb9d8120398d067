#!/usr/bin/env node
/** The process: argv, environment and signals in; text and an exit status out. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import pino from "pino";
import { EXIT_CONFIG, runCommandLine } from "./cli.ts";
import { AgentError } from "./core/errors.ts";

/** Both `src/main.ts` and the bundle in `dist/` lie one folder below the package. */
const packageDir = path.dirname(import.meta.dirname);
const { version } = JSON.parse(readFileSync(path.join(packageDir, "package.json"), "utf8"));

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());

try {
  process.exitCode = await runCommandLine({
    args: process.argv.slice(2),
    env: process.env,
    version,
    pid: process.pid,
    hostName: hostname(),
    shippedTemplate: path.join(packageDir, "templates", "keepalived.conf.njk"),
    signal: stop.signal,
    openLog: (level) =>
      pino(
        { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
        pino.destination({ dest: 1, sync: true }),
      ),
    print: (text) => void process.stdout.write(text),
    printError: (text) => void process.stderr.write(text),
  });
} catch (error) {
  if (!stop.signal.aborted) {
    process.exitCode = exitStatusOf(error);
    process.stderr.write(describe(error));
  }
}

function exitStatusOf(error: unknown): number {
  return error instanceof AgentError && ["USAGE", "SETTINGS_INVALID"].includes(error.code) ? EXIT_CONFIG : 1;
}

function describe(error: unknown): string {
  if (!(error instanceof AgentError)) return `${error instanceof Error ? error.stack : error}\n`;
  return `${error.code}: ${error.message}\n-> ${error.hint}\n`;
}
