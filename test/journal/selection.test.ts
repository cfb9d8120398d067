import { describe, expect, it } from "vitest";
import type { JournalEntry } from "../../src/journal/event.ts";
import { toReadableJournal } from "../../src/journal/readable.ts";
import { groupsIn, type JournalSelection, selectJournal } from "../../src/journal/selection.ts";

const at = (second: number) => `2026-11-22T03:00:${String(second).padStart(2, "0")}.000Z`;
const ENTRIES: readonly JournalEntry[] = [
  { at: at(0), kind: "agent-started", version: "0.1.0" },
  { at: at(1), kind: "host", name: "host-2", uuid: "u2" },
  { at: at(2), kind: "transition", group: "web", from: "BACKUP", to: "MASTER" },
  { at: at(3), kind: "transition", group: "db", from: "BACKUP", to: "MASTER" },
  { at: at(4), kind: "drain", group: "web", by: "command" },
  { at: at(5), kind: "transition", group: "web", from: "MASTER", to: "FAULT" },
  { at: at(6), kind: "link", interface: "eth0", isUp: false },
];

function select(selection: JournalSelection) {
  const { entries, moves } = selectJournal(toReadableJournal(ENTRIES), selection);
  return {
    seconds: entries.map((entry) => Number(entry.at.slice(17, 19))),
    moves: moves.map(({ group, move }) => `${group} ${move}`),
  };
}

describe("a selection of the journal", () => {
  it.each<{ selection: JournalSelection; seconds: number[]; moves: string[] }>([
    { selection: {}, seconds: [0, 1, 2, 3, 4, 5, 6], moves: ["web came", "db came", "web left"] },
    { selection: { sinceMs: Date.parse(at(5)) }, seconds: [5, 6], moves: ["web left"] },
    { selection: { group: "db" }, seconds: [0, 1, 3, 6], moves: ["db came"] },
    { selection: { group: "web" }, seconds: [0, 1, 2, 4, 5, 6], moves: ["web came", "web left"] },
    { selection: { lastEntries: 3 }, seconds: [4, 5, 6], moves: ["web left"] },
    { selection: { lastEntries: 0 }, seconds: [], moves: [] },
    {
      selection: { lastEntries: 99 },
      seconds: [0, 1, 2, 3, 4, 5, 6],
      moves: ["web came", "db came", "web left"],
    },
    { selection: { group: "web", lastEntries: 2 }, seconds: [5, 6], moves: ["web left"] },
    {
      selection: { sinceMs: Date.parse(at(2)), group: "db", lastEntries: 2 },
      seconds: [3, 6],
      moves: ["db came"],
    },
  ])("$selection shows $seconds", ({ selection, seconds, moves }) => {
    expect(select(selection)).toEqual({ seconds, moves });
  });

  it("leaves out the link of other groups only, which are groups of the journal, too", () => {
    const link = { at: at(7), kind: "link", interface: "eth1", isUp: false, groups: ["mail"] } as const;
    const journal = toReadableJournal([...ENTRIES, link]);
    const lastOf = (group: string) => selectJournal(journal, { group }).entries.at(-1)?.words;

    expect([lastOf("mail"), lastOf("web")]).toEqual(["link eth1 is down", "link eth0 is down"]);
    expect(groupsIn([link])).toEqual(["mail"]);
  });

  it("leaves out nothing that explains a move", () => {
    const { moves } = selectJournal(toReadableJournal(ENTRIES), { lastEntries: 2 });

    expect(moves[0]?.sentence).toBe("web left host-2 at 03:00:05: drained by command");
  });

  it("shows the sentence of each transition that it shows, though the VIP left earlier", () => {
    const frozen: readonly JournalEntry[] = [
      ...ENTRIES.slice(0, 4),
      { at: at(41), kind: "agent-frozen", durationMs: 21_000 },
      { at: at(42), kind: "transition", group: "web", from: "MASTER", to: "FAULT" },
    ];
    const { entries, moves } = selectJournal(toReadableJournal(frozen), { sinceMs: Date.parse(at(42)) });

    expect(entries.map(({ words }) => words)).toEqual(["web: MASTER -> FAULT"]);
    expect(moves.map(({ sentence }) => sentence)).toEqual([
      "web left host-2 after 03:00:20: the agent did not run for 21 s",
    ]);
  });

  it("knows the groups that the journal tells of", () => {
    expect(groupsIn(ENTRIES)).toEqual(["db", "web"]);
  });
});
