/** The command `journal`: what the agents of this host wrote down, whether one runs now or not. */
import { AgentError } from "../errors.ts";
import { parseEntry } from "../journal/event.ts";
import { readJournalLines } from "../journal/io/journal-file.ts";
import { journalJson, journalSince, toReadableJournal } from "../journal/readable.ts";
import { renderJournal } from "../journal/text.ts";
import { AGENT_ROWS } from "../settings/table-agent.ts";
import { SINCE_FORMS, sinceMsOf } from "../text/instant.ts";
import { watchAgentStatus } from "./agent-status.ts";
import { type CommandContext, styleOf } from "./command.ts";
import type { OptionValues } from "./options.ts";

/** @throws {AgentError} USAGE if `--since` is no time. */
export async function journalCommand(
  context: CommandContext,
  { since, json }: OptionValues,
): Promise<number> {
  const sinceMs = parseSinceOption(since);
  const stateDir = context.env["STATE_DIR"] || (await findStateDir(context.signal));
  const entries = (await readJournalLines(stateDir)).flatMap((line) => parseEntry(line) ?? []);
  // older entries are left out only here: they are part of why a later move happened
  const journal = journalSince(toReadableJournal(entries), sinceMs);
  if (entries.length === 0) context.printError(`note: there is no journal in ${stateDir}\n`);
  context.print(json ? `${journalJson(journal, 2)}\n` : renderJournal(journal, styleOf(context)));
  return 0;
}

/** Milliseconds since 1970; minus infinity without the option. */
function parseSinceOption(since: string | undefined): number {
  if (since === undefined) return Number.NEGATIVE_INFINITY;
  const sinceMs = sinceMsOf(since, Date.now());
  if (sinceMs === undefined) throw new AgentError("USAGE", `--since takes ${SINCE_FORMS}, not ${since}`);
  return sinceMs;
}

/** The running agent's STATE_DIR, or the default one: a journal outlives its agent. */
async function findStateDir(signal: AbortSignal): Promise<string> {
  try {
    for await (const status of watchAgentStatus(signal)) return status.agent.stateDir;
  } catch {
    // no agent runs
  }
  return AGENT_ROWS.stateDir.defaultText;
}
