/**
 * STATE_DIR/drain.json: how the command `drain` reaches the agent. Only who may write to STATE_DIR can give the order,
 * and it outlives the agent.
 */
import { watch } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { AgentError } from "../../errors.ts";

/** Its text, or undefined where there is none. @throws {AgentError} STATE_UNREADABLE */
export async function readDrainFile(stateDir: string): Promise<string | undefined> {
  const file = fileIn(stateDir);
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new AgentError("STATE_UNREADABLE", `${file} cannot be read`, { cause });
  }
}

/** Replaces it in one step. @throws {AgentError} CONF_UNWRITABLE, also where there is no such directory. */
export async function replaceDrainFile(stateDir: string, text: string): Promise<void> {
  const file = fileIn(stateDir);
  const next = `${file}.next`;
  try {
    await writeFile(next, text, { mode: 0o600, flush: true });
    await rename(next, file);
  } catch (cause) {
    await rm(next, { force: true }).catch(() => undefined);
    throw new AgentError("CONF_UNWRITABLE", `${file} cannot be written`, {
      hint: "Run this in the agent's container, as root: the order is left in the agent's STATE_DIR.",
      cause,
    });
  }
}

export interface DrainWatch {
  /** The file was written, replaced or removed. */
  readonly onChange: () => void;
  /** The file cannot be followed, or not at the moment. */
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/**
 * Follows the file until the signal aborts. The kernel's own word: a library that compares the whole directory costs ms of
 * each write of the agent's to STATE_DIR, and a reload waits for several.
 */
export function watchDrainFile(stateDir: string, { onChange, onError, signal }: DrainWatch): void {
  const name = path.basename(fileIn(stateDir));
  try {
    const watcher = watch(stateDir, { signal }, (_, changed) => {
      if (changed === name || changed === null) onChange();
    });
    watcher.on("error", onError);
  } catch (error) {
    onError(error);
  }
}

function fileIn(stateDir: string): string {
  return path.join(stateDir, "drain.json");
}
