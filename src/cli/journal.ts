/** The command `journal`: what the agents of this host recorded, whether one runs now or not. */
import { type JournalEntry, parseEntry } from "../journal/event.ts";
import { createJournalFollower } from "../journal/follower.ts";
import { followJournalLines } from "../journal/io/follow-file.ts";
import { requireReadableJournal } from "../journal/io/journal-access.ts";
import { readJournalLines } from "../journal/io/journal-file.ts";
import { journalJson, journalJsonLine, toReadableJournal } from "../journal/readable.ts";
import { groupsIn, type JournalSelection, selectJournal } from "../journal/selection.ts";
import { journalLine, renderJournal } from "../journal/text.ts";
import { AGENT_ROWS } from "../settings/table-agent.ts";
import { printableJson } from "../text/escape.ts";
import { SINCE_FORMS, sinceMsOf } from "../text/since.ts";
import { watchAgentStatus } from "./agent-status.ts";
import { type CommandContext, styleOf, usageError } from "./command.ts";
import type { OptionValues } from "./options.ts";

/** A follower begins with this many entries, unless it is told where to begin. */
const FOLLOWED_ENTRIES = 10;
/** A note names at most this many groups. */
const MAX_NAMED_GROUPS = 10;

interface JournalView {
  readonly stateDir: string;
  readonly selection: JournalSelection;
  readonly isJson: boolean;
}

/** @throws {AgentError} USAGE if `--since` is no time, or `-n` no number; STATE_UNREADABLE */
export async function journalCommand(context: CommandContext, values: OptionValues): Promise<number> {
  const { follow: isFollowing = false, json: isJson = false } = values;
  const selection = parseSelection(values);
  const stateDir = context.env["STATE_DIR"] || (await findStateDir(context.signal));
  await requireReadableJournal(stateDir);
  const view = { stateDir, selection, isJson };
  await (isFollowing ? followJournal(view, context) : printJournal(view, context));
  return 0;
}

async function printJournal(
  { stateDir, selection, isJson }: JournalView,
  context: CommandContext,
): Promise<void> {
  const entries = (await readJournalLines(stateDir)).flatMap((line) => parseEntry(line) ?? []);
  // older entries are left out only here, because they may explain a later move
  const journal = selectJournal(toReadableJournal(entries), selection);
  printNotes(entries, { stateDir, ...selection }, context);
  const last = entries.at(-1)?.at;
  // nothing at all would leave open whether the journal could be read
  if (journal.entries.length === 0 && last !== undefined && selection.sinceMs !== undefined)
    context.printError(`note: nothing was recorded since then; the last entry is of ${last}\n`);
  const text = () => renderJournal(journal, styleOf(context), selection.group);
  context.print(isJson ? `${journalJson(journal, 2)}\n` : text());
}

/** Prints each new entry until the signal aborts: a line of text, or an object a line. */
async function followJournal(
  { stateDir, selection: { sinceMs, group, lastEntries }, isJson }: JournalView,
  context: CommandContext,
): Promise<void> {
  const style = styleOf(context);
  const follower = createJournalFollower();
  const isBounded = sinceMs !== undefined || lastEntries !== undefined;
  const selection = { sinceMs, group, lastEntries: isBounded ? lastEntries : FOLLOWED_ENTRIES };
  let hasBegun = false;
  for await (const lines of followJournalLines(stateDir, context.signal)) {
    const entries = lines.flatMap((line) => parseEntry(line) ?? []);
    if (!hasBegun) printNotes(entries, { stateDir, group }, context);
    const items = hasBegun
      ? follower.take(entries, new Date().toISOString())
      : follower.begin(entries, selection);
    hasBegun = true;
    for (const item of items) context.print(`${isJson ? journalJsonLine(item) : journalLine(item, style)}\n`);
  }
}

function printNotes(
  entries: readonly JournalEntry[],
  { stateDir, group }: { readonly stateDir: string; readonly group?: string | undefined },
  { printError }: CommandContext,
): void {
  if (entries.length === 0) printError(`note: there is no journal in ${stateDir}\n`);
  const groups = groupsIn(entries);
  if (entries.length === 0 || group === undefined || groups.includes(group)) return;
  const others = groups.slice(0, MAX_NAMED_GROUPS).join(", ") || "none";
  printError(`note: the journal has no group ${group}; its groups: ${others}\n`);
}

function parseSelection({ since, lines, group }: OptionValues): JournalSelection {
  const sinceMs = since === undefined ? undefined : sinceMsOf(since, Date.now());
  const isCount = lines === undefined || /^\d{1,6}$/.test(lines);
  const problems = [
    ...(since !== undefined && sinceMs === undefined
      ? [`--since takes ${SINCE_FORMS}, not ${printableJson(since)}`]
      : []),
    ...(isCount ? [] : [`-n takes a whole number, not ${printableJson(lines)}`]),
  ];
  if (problems.length > 0) throw usageError("journal", problems);
  return { sinceMs, group, lastEntries: lines === undefined ? undefined : Number(lines) };
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
