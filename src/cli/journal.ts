/** The command `journal`: what the agents of this host wrote down, whether one runs or not. */
import { AgentError } from "../errors.ts";
import { parseEntry } from "../journal/event.ts";
import { readJournalLines } from "../journal/io/journal-file.ts";
import { journalJson, journalSince, toReadableJournal } from "../journal/readable.ts";
import { renderJournal } from "../journal/text.ts";
import { AGENT_ROWS } from "../settings/table-agent.ts";
import type { Status } from "../status/status.ts";
import { SINCE_FORMS, sinceMsOf } from "../text/instant.ts";
import type { Style } from "../text/style.ts";

export interface JournalQuestion {
  /** As it was typed. */
  readonly since: string | undefined;
  readonly isJson: boolean;
  readonly style: Style;
  /** Where the environment says so. */
  readonly stateDir: string | undefined;
  /** The running agent's status; throws where none runs. */
  readonly follow: () => AsyncIterable<Status>;
}

/** @returns what to print, and the directory where it is empty. @throws {AgentError} USAGE */
export async function tellJournal(
  question: JournalQuestion,
): Promise<{ readonly text: string; readonly emptyDir: string | undefined }> {
  const { since, isJson, style, follow } = question;
  const sinceMs = since === undefined ? undefined : sinceMsOf(since, Date.now());
  if (since !== undefined && sinceMs === undefined) {
    throw new AgentError("USAGE", `--since takes ${SINCE_FORMS}, not ${since}`);
  }
  const stateDir = question.stateDir || (await askStateDir(follow));
  const entries = (await readJournalLines(stateDir)).flatMap((line) => parseEntry(line) ?? []);
  // what was before takes part in what the sentences say
  const account = journalSince(toReadableJournal(entries), sinceMs ?? Number.NEGATIVE_INFINITY);
  const text = isJson ? `${journalJson(account, 2)}\n` : renderJournal(account, style);
  return { text, emptyDir: entries.length === 0 ? stateDir : undefined };
}

/** The running agent's, else where one has it by default: a journal outlives its agent. */
async function askStateDir(follow: JournalQuestion["follow"]): Promise<string> {
  try {
    for await (const status of follow()) return status.agent.stateDir;
  } catch {
    // none runs
  }
  return AGENT_ROWS.stateDir.defaultText;
}
