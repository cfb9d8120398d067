import { describe, expect, it } from "vitest";
import type { JournalEntry } from "../../src/journal/event.ts";
import { journalJson, toReadableJournal } from "../../src/journal/readable.ts";
import {
  journalDocument,
  mergeTimelines,
  parseJournalDocument,
  timelineOf,
} from "../../src/journal/timeline.ts";

const at = (second: number) => `2026-11-22T14:00:${String(second).padStart(2, "0")}.000Z`;
const ENTRIES: readonly JournalEntry[] = [
  { at: at(0), kind: "agent-started", version: "0.1.0" },
  { at: at(1), kind: "transition", group: "web", from: "UNKNOWN", to: "BACKUP" },
  { at: at(2), kind: "transition", group: "web", from: "BACKUP", to: "MASTER" },
  { at: at(2), kind: "succession", group: "web", how: "none-heard" },
  { at: at(3), kind: "link", interface: "eth0", isUp: false },
];
const READABLE = toReadableJournal(ENTRIES);

describe("the timeline of a host", () => {
  it("has a move instead of its transition and of what explains it", () => {
    const lines = timelineOf("node-1", journalDocument(READABLE));

    expect(lines.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      "entry agent 0.1.0 started",
      "entry web: UNKNOWN -> BACKUP",
      "entry link eth0 is down",
      "came web came to this host: no owner was heard",
    ]);
  });

  it("has one account of a host that was frozen, at the time when the VIP left", () => {
    const frozen: readonly JournalEntry[] = [
      ...ENTRIES.slice(0, 4),
      { at: at(41), kind: "agent-frozen", durationMs: 21_000 },
      { at: at(42), kind: "transition", group: "web", from: "MASTER", to: "FAULT" },
      { at: at(43), kind: "taken-over", group: "web", by: "node-2", since: at(22) },
    ];
    const document = parseJournalDocument(JSON.parse(journalJson(toReadableJournal(frozen))));

    expect(
      timelineOf("node-1", document!)
        .slice(-3)
        .map(({ at: when, text }) => `${when} ${text}`),
    ).toEqual([
      `${at(41)} agent did not run for 21 s`,
      `${at(2)} web came to this host: no owner was heard`,
      `${at(20)} web left this host after 14:00:20: the agent did not run for 21 s; node-2 owned it since 14:00:22.000`,
    ]);
  });

  it("takes a journal of an older agent, whose moves have one time only", () => {
    const moves = [{ at: at(2), group: "web", move: "came", sentence: "web came" }];
    const entries = [{ at: at(2), kind: "transition", group: "web", words: "web: BACKUP -> MASTER" }];
    const document = parseJournalDocument({ entries, moves });

    expect(timelineOf("node-1", document!).map(({ text }) => text)).toEqual(["web came"]);
  });

  it("is the same from its JSON", () => {
    const document = parseJournalDocument(JSON.parse(journalJson(READABLE)));

    expect(timelineOf("node-1", document!)).toEqual(timelineOf("node-1", journalDocument(READABLE)));
  });
});

describe("the timelines of several hosts", () => {
  const line = (host: string, second: number, text = "") => {
    return { at: at(second), host, kind: "entry", group: undefined, text } as const;
  };

  it("are one list, the newest first", () => {
    const merged = mergeTimelines([
      [line("a", 1), line("a", 3, "first"), line("a", 3, "second")],
      [line("b", 2), line("b", 4)],
    ]);

    expect(merged.map(({ host, text }) => `${host}${text}`)).toEqual(["b", "asecond", "afirst", "b", "a"]);
  });

  it("have 300 lines at most", () => {
    const many = Array.from({ length: 200 }, (_, index) => line("a", index % 60));

    expect(mergeTimelines([many, many])).toHaveLength(300);
  });

  it("have the lines of each host, however many another one has of later times", () => {
    const ahead = Array.from({ length: 600 }, () => ({ ...line("liar", 1), at: "2099-01-01T00:00:00.000Z" }));
    const honest = Array.from({ length: 120 }, (_, index) => line("a", index % 60));

    const merged = mergeTimelines([honest, ahead]);

    expect(merged).toHaveLength(300);
    expect(merged.filter(({ host }) => host === "a")).toHaveLength(120);
  });
});

describe("the journal of a stranger", () => {
  it.each([
    null,
    [],
    "<html>",
    { entries: [] },
    { entries: {}, moves: [] },
    { entries: [{ at: "yesterday", kind: "link", words: "x" }], moves: [] },
    { entries: [{ at: at(1), kind: "link", words: 7 }], moves: [] },
    { entries: [], moves: [{ at: at(1), group: "web", move: "flew", sentence: "" }] },
  ])("is none if it is %j", (document) => {
    expect(parseJournalDocument(document)).toBeUndefined();
  });

  it("is cut to what a screen can show", () => {
    const entry = { at: at(1), kind: "link", words: "x".repeat(100_000) };
    const parsed = parseJournalDocument({ entries: Array.from({ length: 5_000 }, () => entry), moves: [] });

    expect(parsed?.entries).toHaveLength(300);
    expect(parsed?.entries[0]?.words).toHaveLength(1_000);
  });
});
