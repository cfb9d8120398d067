/** keepalived's account of itself: asked for by a signal, found in a file. */
import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { env, kill } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { AgentError } from "../../errors.ts";
import { bareEnvironment } from "../../system/child-command.ts";
import { type InstanceDump, parseInstanceDumps } from "../dump.ts";

const SIGNAL_MS = 3_000;
const DUMP_MS = 2_000;
const POLL_MS = 10;

export interface DumpSetup {
  /** Of this agent alone. */
  readonly dumpDir: string;
  /** In it, under keepalived's own name. */
  readonly file: string;
  /** Of the signal that asks for a dump: a real-time signal, which differs between C libraries. */
  readonly signalNumber: number;
}

/**
 * Before the start of a keepalived that is to be asked: its dump is as good as its memory, so it goes where nobody else
 * looks.
 *
 * @throws {AgentError} KEEPALIVED_UNAVAILABLE
 */
export async function prepareDumps(runDir: string): Promise<DumpSetup> {
  const signalNumber = await askSignalNumber();
  const dumpDir = `${runDir}/dump`;
  await rm(dumpDir, { recursive: true, force: true });
  await mkdir(dumpDir, { mode: 0o700 });
  return { dumpDir, file: `${dumpDir}/keepalived.json`, signalNumber };
}

async function askSignalNumber(): Promise<number> {
  const result = await execa("keepalived", ["--signum=JSON"], {
    ...bareEnvironment(env),
    reject: false,
    timeout: SIGNAL_MS,
  });
  if (result.exitCode === 0 && /^\d+$/.test(result.stdout)) return Number(result.stdout);
  throw new AgentError("KEEPALIVED_UNAVAILABLE", "keepalived named no signal for JSON", { cause: result });
}

export interface DumpRequest extends Pick<DumpSetup, "file" | "signalNumber"> {
  readonly pid: number;
  readonly isRunning: () => boolean;
}

/**
 * One request at a time. Undefined where keepalived ended before it answered.
 *
 * @throws {AgentError} KEEPALIVED_SILENT, also where the conf has no instance; STATE_UNREADABLE where an earlier dump
 *   cannot be removed: keepalived was not asked then.
 */
export async function requestDump(request: DumpRequest): Promise<readonly InstanceDump[] | undefined> {
  const { pid, signalNumber, file, isRunning } = request;
  await rm(file, { force: true }).catch((cause: unknown) => {
    throw new AgentError("STATE_UNREADABLE", `${file} cannot be removed`, { cause });
  });
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 }).catch(() => undefined); // somebody cleaned up
  if (isRunning()) kill(pid, signalNumber); // Node's own `child.kill` knows no real-time signals
  const deadline = performance.now() + DUMP_MS;
  for (;;) {
    try {
      return await takeDump(file);
    } catch (cause) {
      // Not there yet, or written in part.
      if (!isRunning()) return undefined;
      if (performance.now() > deadline) {
        throw new AgentError("KEEPALIVED_SILENT", `no state within ${DUMP_MS} ms`, { cause });
      }
    }
    await sleep(POLL_MS);
  }
}

/** Reads a dump and removes it: with VRRPv2 it tells the password. */
async function takeDump(file: string): Promise<readonly InstanceDump[]> {
  const states = readStates(await readFile(file, "utf8"));
  await rm(file, { force: true });
  return states;
}

function readStates(dump: string): readonly InstanceDump[] {
  try {
    return parseInstanceDumps(dump);
  } catch {
    // the parser's own error quotes the text
    throw new Error("the dump is not complete");
  }
}
