/** Requests a dump from keepalived by a signal, and reads it from the file that keepalived writes. */
import { rmSync } from "node:fs";
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { kill } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { AgentError } from "../../errors.ts";
import { findMemory } from "../../system/io/memory.ts";
import { type InstanceDump, parseInstanceDumps } from "../dump.ts";
import { readDumpSignal } from "./dump-signal.ts";

const DUMP_TIMEOUT_MS = 2_000;
const POLL_INTERVAL_MS = 10;

export interface DumpSetup {
  /** A directory that only this agent can read. */
  readonly dumpDir: string;
  /** The file in it, under the name that keepalived gives it. */
  readonly file: string;
  /** The real-time signal that requests a dump. */
  readonly signalNumber: number;
}

export interface DumpOptions {
  /** Instead of the usual directory in memory. */
  readonly memory?: string;
  /** Finds the number of the signal. @throws {AgentError} KEEPALIVED_UNAVAILABLE */
  readonly readSignal?: typeof readDumpSignal;
}

/**
 * Makes the directory of the dumps, to be called before keepalived is started. It is in memory, because keepalived must be
 * able to say what it runs while the disk of STATE_DIR is full. Where there is no memory for it, it is in `runDir`.
 *
 * @throws {AgentError} KEEPALIVED_UNAVAILABLE
 */
export async function prepareDumps(
  runDir: string,
  { memory, readSignal = readDumpSignal }: DumpOptions = {},
): Promise<DumpSetup> {
  const signalNumber = await readSignal();
  const dumpDir = (await makeInMemory(runDir, memory)) ?? (await makeEmpty(`${runDir}/dump`));
  return { dumpDir, file: `${dumpDir}/keepalived.json`, signalNumber };
}

/** Removes the directory when keepalived has ended. One in memory would outlive the container with `--ipc=host`. */
export function removeDumps({ dumpDir }: Pick<DumpSetup, "dumpDir">): void {
  try {
    rmSync(dumpDir, { recursive: true, force: true });
  } catch {
    // the next start empties it
  }
}

/** A directory in memory, named after `runDir`: the next run replaces the one that a killed agent left. Undefined if there is none. */
async function makeInMemory(runDir: string, directory?: string): Promise<string | undefined> {
  const memory = await findMemory(directory);
  if (memory === undefined) return undefined;
  const { dev, ino } = await stat(runDir);
  return makeEmpty(`${memory}/rancher-keepalived-dump-${dev}-${ino}`).catch(() => undefined);
}

async function makeEmpty(directory: string): Promise<string> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { mode: 0o700 });
  return directory;
}

export interface DumpRequest extends Pick<DumpSetup, "file" | "signalNumber"> {
  readonly pid: number;
  readonly isRunning: () => boolean;
}

/**
 * Resolves with the dump, or with undefined where keepalived ended first. One request at a time.
 *
 * @throws {AgentError} KEEPALIVED_SILENT after 2 s, also where the configuration has no instance; STATE_UNREADABLE
 *   where an earlier dump cannot be removed, and then no dump was requested.
 */
export async function requestDump(request: DumpRequest): Promise<readonly InstanceDump[] | undefined> {
  const { pid, signalNumber, file, isRunning } = request;
  await rm(file, { force: true }).catch((cause: unknown) => {
    throw new AgentError("STATE_UNREADABLE", `${file} cannot be removed`, { cause });
  });
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 }).catch(() => undefined); // it may have been deleted
  if (isRunning()) kill(pid, signalNumber); // the `kill` of a Node child process does not know real-time signals
  const deadline = performance.now() + DUMP_TIMEOUT_MS;
  for (;;) {
    try {
      return await takeDump(file);
    } catch (cause) {
      // not there yet, or incomplete
      if (!isRunning()) return undefined;
      if (performance.now() > deadline) {
        throw new AgentError("KEEPALIVED_SILENT", `keepalived wrote no dump within ${DUMP_TIMEOUT_MS} ms`, {
          cause,
        });
      }
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

/** Reads the dump and removes the file: with VRRPv2 it contains the password. */
async function takeDump(file: string): Promise<readonly InstanceDump[]> {
  const dumps = parseSafely(await readFile(file, "utf8"));
  await rm(file, { force: true });
  return dumps;
}

function parseSafely(text: string): readonly InstanceDump[] {
  try {
    return parseInstanceDumps(text);
  } catch {
    // not passed on as the cause: the parser's error quotes the text, which can contain the password
    throw new Error("the dump is not complete");
  }
}
