/** Logs which process keeps a starting agent waiting: another agent, or a program that only holds its socket. */

import { readdir, readFile, readlink } from "node:fs/promises";
import type { Logger } from "pino";
import { CLAIM_NAME, foreignHolderError, inodesBoundTo, isStatus, type Process } from "../holder.ts";
import { readStatus } from "./claim.ts";

/** An agent that is not frozen answers within milliseconds. */
const ANSWER_TIMEOUT_MS = 1_000;

/** Returns at once, and logs a moment later. Never throws. */
export function logHolder(log: Logger, signal: AbortSignal): void {
  identifyHolder(log, signal).catch((err: unknown) =>
    log.warn({ err }, "holder of the socket cannot be identified"),
  );
}

async function identifyHolder(log: Logger, signal: AbortSignal): Promise<void> {
  const answer = await askHolder(signal);
  if (signal.aborted) return;
  if (isStatus(answer)) {
    const { version, pid, startedAt } = answer.agent;
    log.warn({ version, pid, startedAt }, "another agent runs in this host network, waiting for its end");
    return;
  }
  const { code, message, hint } = foreignHolderError(await findHolders(CLAIM_NAME));
  log.error({ code, reason: message, hint }, "another program holds the agent's socket, waiting for its end");
}

async function askHolder(signal: AbortSignal): Promise<unknown> {
  try {
    for await (const answer of readStatus(ANSWER_TIMEOUT_MS, signal)) return answer;
  } catch {
    // no answer in time, or not a line of JSON
  }
  return undefined;
}

/** The processes that hold the name. Empty where the holder is invisible from this container, or has ended. Never rejects. */
export async function findHolders(name: string): Promise<Process[]> {
  const table = await readFile("/proc/net/unix", "utf8").catch(() => "");
  const sockets = new Set(inodesBoundTo(table, name).map((inode) => `socket:[${inode}]`));
  if (sockets.size === 0) return [];
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(pids.map(async (pid) => ((await holds(pid, sockets)) ? [pid] : [])));
  return Promise.all(found.flat().map(async (pid) => ({ pid: Number(pid), name: await nameOf(pid) })));
}

async function holds(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => "")));
  return targets.some((target) => sockets.has(target));
}

async function nameOf(pid: string): Promise<string> {
  const comm = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
  return comm.trim() || "a process";
}
