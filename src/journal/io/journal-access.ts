/** Tells a journal that cannot be read from one that is not there. */
import { open } from "node:fs/promises";
import { AgentError } from "../../errors.ts";
import { journalFilesIn } from "./journal-file.ts";

/** @throws {AgentError} STATE_UNREADABLE for a file that exists and cannot be read: "there is no journal" would be wrong. */
export async function requireReadableJournal(stateDir: string): Promise<void> {
  const { file, older } = journalFilesIn(stateDir);
  for (const each of [file, older]) {
    try {
      await (await open(each)).close();
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") continue;
      throw new AgentError("STATE_UNREADABLE", `the journal ${each} cannot be read`, {
        cause,
        hint: "Run this command in the agent's container, as root.",
      });
    }
  }
}
