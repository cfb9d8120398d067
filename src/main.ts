#!/usr/bin/env node
/** The process: argv, environment and signals in; text and an exit status out. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import pino from "pino";
import { EXIT_CONFIG, runCommandLine } from "./cli/cli.ts";
import { AgentError, describeError } from "./errors.ts";
import { escapeControl, parseEscaped } from "./text/escape.ts";
import { wantsColours } from "./text/style.ts";

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
// what a terminal or `docker kill -s HUP` sends is no reason to give up a VIP; changes are followed by themselves
process.on("SIGHUP", () => undefined);

const isTerminal = process.stdout.isTTY === true;
const hasColours = wantsColours(process.env, isTerminal);
// only a terminal pays for it
const pretty = isTerminal ? (await import("pino-pretty")).prettyFactory : undefined;

try {
  process.exitCode = await runCommandLine({
    args: process.argv.slice(2),
    env: process.env,
    version,
    pid: process.pid,
    hostName: hostname(),
    shippedTemplate: path.join(packageDir, "templates", "keepalived.conf.njk"),
    signal: stop.signal,
    openLog,
    isTerminal,
    hasColours,
    print: (text) => void process.stdout.write(text),
    printError: (text) => void process.stderr.write(text),
  });
} catch (error) {
  process.exitCode = interrupted ?? exitStatusOf(error);
  if (error !== stop.signal.reason) process.stderr.write(describe(error));
}

// a command that has ended must not stay in the host network because some handle was forgotten
setTimeout(() => process.exit(), 1_000).unref();

/** Lines of JSON, and of words on a terminal. One that cannot be written, as the disk is full, must not end the agent. */
function openLog(level: string): pino.Logger {
  const destination = pino.destination({ dest: 1, sync: true });
  destination.on("error", () => undefined);
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (pretty === undefined) return pino(options, destination);
  const format = pretty({
    colorize: hasColours,
    singleLine: true,
    translateTime: "UTC:yyyy-mm-dd HH:MM:ss.l",
  });
  return pino(options, { write: (line) => void destination.write(format(parseEscaped(line))) });
}

function exitStatusOf(error: unknown): number {
  return error instanceof AgentError && ["USAGE", "SETTINGS_INVALID"].includes(error.code) ? EXIT_CONFIG : 1;
}

function describe(error: unknown): string {
  if (!(error instanceof AgentError)) return `${error instanceof Error ? error.stack : error}\n`;
  const lines = [`${error.code}: ${describeError(error)}`, `-> ${error.hint}`].join("\n").split("\n");
  return `${lines.map(escapeControl).join("\n")}\n`;
}
