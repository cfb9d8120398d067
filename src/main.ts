#!/usr/bin/env node
/** The process: argv, environment and signals in; text and an exit status out. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import pino from "pino";
import { EXIT_CONFIG, runCommandLine } from "./cli.ts";
import { AgentError, describeError } from "./core/errors.ts";
import { escapeControl } from "./core/settings-source.ts";

/** Both `src/main.ts` and the bundle in `dist/` lie one folder below the package. */
const packageDir = path.dirname(import.meta.dirname);
const { version } = JSON.parse(readFileSync(path.join(packageDir, "package.json"), "utf8"));

/** Exit status of a command that a signal interrupted, as a shell gives it: 128 and the signal's number. */
const INTERRUPTED = { SIGTERM: 143, SIGINT: 130 } as const;
let interrupted: number | undefined;

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    interrupted ??= INTERRUPTED[signal];
    stop.abort();
  });
}

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
  process.exitCode = interrupted ?? exitStatusOf(error);
  if (error !== stop.signal.reason) process.stderr.write(describe(error));
}

function exitStatusOf(error: unknown): number {
  return error instanceof AgentError && ["USAGE", "SETTINGS_INVALID"].includes(error.code) ? EXIT_CONFIG : 1;
}

function describe(error: unknown): string {
  if (!(error instanceof AgentError)) return `${error instanceof Error ? error.stack : error}\n`;
  const lines = [`${error.code}: ${describeError(error)}`, `-> ${error.hint}`].join("\n").split("\n");
  return `${lines.map(escapeControl).join("\n")}\n`;
}
