#!/usr/bin/env node
/** Runs one command as a process: arguments, environment and signals in; output and an exit status out. */
import { readFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { hostname } from "node:os";
import path from "node:path";
import type { Logger } from "pino";
import { EXIT_CONFIG, runCommandLine } from "./cli/cli.ts";
import { AgentError, describeError } from "./errors.ts";
import type { LogOutput } from "./system/io/log-output.ts";
import { escapeJson, escapeLines, parseEscaped } from "./text/escape.ts";
import { wantsColours } from "./text/style.ts";

// Node keeps what NODE_COMPILE_CACHE had for this file until the process ends, or until this: 0.6 MiB
flushCompileCache();

/** `src/main.ts` and the bundle in `dist/` both lie one folder below the package. */
const packageDir = path.dirname(import.meta.dirname);
const { version } = JSON.parse(readFileSync(path.join(packageDir, "package.json"), "utf8"));

/** Exit status of a command that a signal ended, as a shell reports it: 128 and the signal's number. */
const SIGNAL_EXIT_STATUS = { SIGTERM: 143, SIGINT: 130 } as const;
let signalExitStatus: number | undefined;

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    signalExitStatus ??= SIGNAL_EXIT_STATUS[signal];
    stop.abort();
  });
}
// SIGHUP must not cost a VIP: a closed terminal sends it, and the agent has nothing to reload
process.on("SIGHUP", () => undefined);

const isTerminal = process.stdout.isTTY === true;
const hasColours = wantsColours(process.env, isTerminal);
// an error that cannot be printed has nowhere else to go
process.stderr.on("error", () => undefined);

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
    screenSize: () => ({ rows: process.stdout.rows || 24, columns: process.stdout.columns || 80 }),
    hasColours,
    print,
    printError: (text) => void process.stderr.write(escapeLines(text)),
  });
} catch (error) {
  process.exitCode = signalExitStatus ?? exitStatusOf(error);
  if (error !== stop.signal.reason) process.stderr.write(renderError(error));
}

// a forgotten handle must not keep a command that has ended in the host network
setTimeout(() => process.exit(), 1_000).unref();

/**
 * Prints the output of a command. The command ends if the output cannot be written: the reader is gone, or the disk is
 * full.
 */
function print(text: string): void {
  if (process.stdout.listenerCount("error") === 0) process.stdout.on("error", endWithoutOutput);
  process.stdout.write(text);
}

function endWithoutOutput({ code, message }: NodeJS.ErrnoException): void {
  // `journal | head` is not a failure to report
  if (code !== "EPIPE") process.stderr.write(`the output cannot be written (${code ?? message})\n`);
  process.exit(1);
}

/**
 * Logs lines of JSON, or readable ones. A line that cannot be written is lost: the agent goes on. Only a command that logs
 * loads pino.
 */
async function openLog(level: string, format = isTerminal ? "pretty" : "json"): Promise<Logger> {
  const onLost = (lines: number) => log.warn({ lines }, "log lines were lost: no program read them");
  let output: LogOutput | undefined;
  const toText = format === "pretty" ? await loadPretty() : escapeJson;
  const write = (line: string) => {
    // a command that logs nothing prints as Node does
    output ??= openLogOutput(onLost);
    output.write(toText(line));
  };
  const { default: pino } = await import("pino");
  const { openLogOutput } = await import("./system/io/log-output.ts");
  const formatters = { level: (label: string) => ({ level: label }) };
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }, { write });
  return log;
}

/** pino-pretty is loaded for readable lines only. */
async function loadPretty(): Promise<(line: string) => string> {
  const { prettyFactory } = await import("pino-pretty");
  const format = prettyFactory({
    colorize: hasColours,
    singleLine: true,
    translateTime: "UTC:yyyy-mm-dd HH:MM:ss.l",
  });
  return (line) => format(parseEscaped(line));
}

function exitStatusOf(error: unknown): number {
  return error instanceof AgentError && ["USAGE", "SETTINGS_INVALID"].includes(error.code) ? EXIT_CONFIG : 1;
}

function renderError(error: unknown): string {
  if (!(error instanceof AgentError)) return `${error instanceof Error ? error.stack : error}\n`;
  return escapeLines(`${error.code}: ${describeError(error)}\n-> ${error.hint}\n`);
}
