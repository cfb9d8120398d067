/**
 * STATE_DIR/drain.json, by which the command `drain` reaches the agent. Only those who may write to STATE_DIR can order a
 * drain, and the order outlives the agent.
 */
import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { AgentError } from "../../errors.ts";
import { errorCode } from "../../system/error-code.ts";
import { replaceFile } from "../../system/io/replace-file.ts";

/** The text of the file; undefined if there is no file. @throws {AgentError} STATE_UNREADABLE */
export async function readDrainFile(stateDir: string): Promise<string | undefined> {
  const file = fileIn(stateDir);
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return undefined;
    throw new AgentError("STATE_UNREADABLE", `${file} cannot be read`, { cause });
  }
}

/** Replaces the file atomically. @throws {AgentError} CONF_UNWRITABLE, also if STATE_DIR does not exist. */
export async function replaceDrainFile(stateDir: string, text: string): Promise<void> {
  const file = fileIn(stateDir);
  try {
    await replaceFile(file, text, { mode: 0o600, isSynced: true });
  } catch (cause) {
    throw new AgentError("CONF_UNWRITABLE", `${file} cannot be written`, {
      hint: "Run this command in the agent's container, as root. It writes to the agent's STATE_DIR.",
      cause,
    });
  }
}

export interface DrainWatch {
  /** The file was written, replaced, removed or created. */
  readonly onChange: () => void;
  /** The file cannot be watched, perhaps only for now. */
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/**
 * Watches the file until the signal aborts. It uses inotify alone: a library would compare the whole directory, which
 * adds milliseconds to each write to STATE_DIR, and a reload waits for several of them.
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
