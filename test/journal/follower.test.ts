import { describe, expect, it } from "vitest";
import type { JournalEntry } from "../../src/journal/event.ts";
import { createJournalFollower, type JournalFollower } from "../../src/journal/follower.ts";
import { journalJsonLine } from "../../src/journal/readable.ts";
import { journalLine } from "../../src/journal/text.ts";

const at = (second: number) => `2026-11-22T03:00:${String(second).padStart(2, "0")}.000Z`;
const HISTORY: readonly JournalEntry[] = [
  { at: at(0), kind: "agent-started", version: "0.1.0" },
  { at: at(1), kind: "host", name: "host-2", uuid: "u2" },
  { at: at(2), kind: "transition", group: "web", from: "BACKUP", to: "MASTER" },
  { at: at(3), kind: "succession", group: "web", how: "none-heard" },
];
const CAME = "=> web came to host-2 at 03:00:02: no owner was heard";
const lines = (items: ReturnType<JournalFollower["take"]>) => items.map((item) => journalLine(item));
const leaves = (second: number): JournalEntry => {
  return { at: at(second), kind: "transition", group: "web", from: "MASTER", to: "FAULT" };
};

function begun(selection = {}): JournalFollower {
  const follower = createJournalFollower();
  follower.begin(HISTORY, selection);
  return follower;
}

describe("a follower", () => {
  it("begins with what was asked for", () => {
    const all = lines(createJournalFollower().begin(HISTORY, {}));
    const last = lines(createJournalFollower().begin(HISTORY, { lastEntries: 2 }));

    expect(all).toHaveLength(5);
    expect(last).toEqual([
      `${at(2)}  web: BACKUP -> MASTER`,
      CAME,
      `${at(3)}  web: previous owner: none heard`,
    ]);
    expect(lines(createJournalFollower().begin(HISTORY, { lastEntries: 0 }))).toEqual([]);
    expect(lines(createJournalFollower().begin([], {}))).toEqual([]);
  });

  it("tells a move once, when its cause and the next owner are known", () => {
    const follower = begun();

    expect(lines(follower.take([leaves(20)], at(20)))).toEqual([`${at(20)}  web: MASTER -> FAULT`]);
    expect(follower.take([], at(21))).toEqual([]);
    const ended: JournalEntry = {
      at: at(21),
      kind: "keepalived-ended",
      reason: "keepalived ended by SIGKILL",
    };
    expect(lines(follower.take([ended], at(21)))).toEqual([
      `${at(21)}  keepalived ended: keepalived ended by SIGKILL`,
    ]);
    const taken: JournalEntry = { at: at(22), kind: "taken-over", group: "web", by: "host-1" };
    expect(lines(follower.take([taken], at(22)))).toEqual([
      "=> web left host-2 at 03:00:20: keepalived ended by SIGKILL; host-1 took over",
      `${at(22)}  web: host-1 took over`,
    ]);
    expect(follower.take([], at(40))).toEqual([]);
  });

  it("tells a move after the entries that record it, though the VIP left earlier", () => {
    const follower = begun();
    const frozen: readonly JournalEntry[] = [
      { at: at(40), kind: "agent-frozen", durationMs: 21_000 },
      leaves(41),
      { at: at(41), kind: "taken-over", group: "web", by: "host-1", since: at(20) },
    ];

    expect(lines(follower.take(frozen, at(41)))).toEqual([
      `${at(40)}  agent did not run for 21 s`,
      `${at(41)}  web: MASTER -> FAULT`,
      `${at(41)}  web: host-1 owned it since 03:00:20.000`,
      "=> web left host-2 after 03:00:19: the agent did not run for 21 s; host-1 owned it since 03:00:20.000",
    ]);
  });

  it("tells a move without a reason once none can come any more", () => {
    const follower = begun();
    follower.take([leaves(20)], at(20));

    expect(follower.take([], at(30))).toEqual([]);
    expect(lines(follower.take([], at(31)))).toEqual([
      "=> web left host-2 at 03:00:20: the journal does not say why",
    ]);
    expect(follower.take([], at(32))).toEqual([]);
  });

  it("leaves other groups out, and prints an object a line", () => {
    const follower = begun({ group: "db" });
    const items = follower.take(
      [leaves(20), { at: at(21), kind: "link", interface: "eth0", isUp: false }],
      at(40),
    );

    expect(items.map((item) => JSON.parse(journalJsonLine(item)))).toEqual([
      { at: at(21), kind: "link", interface: "eth0", isUp: false, words: "link eth0 is down" },
    ]);
    const moves = begun().take([leaves(20)], at(40));
    expect(moves.map((item) => JSON.parse(journalJsonLine(item)).kind)).toEqual(["transition", "move"]);
  });
});
