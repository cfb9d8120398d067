import { describe, expect, it } from "vitest";
import type { CheckStatus, GroupHealthStatus } from "../../src/health/status.ts";
import { type JournalEntry, parseEntry } from "../../src/journal/event.ts";
import { journalEventOf } from "../../src/journal/log-events.ts";
import { journalJson, toReadableJournal } from "../../src/journal/readable.ts";
import { selectJournal } from "../../src/journal/selection.ts";
import { eventsBetween } from "../../src/journal/status-events.ts";
import { renderJournal as textOf } from "../../src/journal/text.ts";
import { instanceStatus } from "../../src/keepalived/instance-status.ts";
import { parseLogLine } from "../../src/keepalived/log-line.ts";
import { instantMs } from "../../src/text/instant.ts";
import { PLAIN } from "../../src/text/style.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { SUSPICION, statusOf } from "../fixtures/status.ts";

const AT = "2026-11-22T03:14:07.250Z";
const inState = (name: string) => [instanceStatus(INSTANCE, { name, since: AT })];
const CHECK: CheckStatus = { name: "tcp", verdict: "healthy", reason: "open", since: AT, onset: AT };
const healthOf = (change: Partial<GroupHealthStatus>): GroupHealthStatus[] => [
  {
    group: "main",
    isHealthy: true,
    isDrained: false,
    drainedBy: undefined,
    heldBy: undefined,
    checks: [CHECK],
    ...change,
  },
];

describe("an entry", () => {
  it("reads back as it was written", () => {
    const entry: JournalEntry = { at: AT, kind: "transition", group: "web", from: "BACKUP", to: "MASTER" };

    expect(parseEntry(JSON.stringify(entry))).toEqual(entry);
  });

  it.each(["", "{", '{"at":"now","kind":"x"}', '{"kind":"x"}', "[]", '{"at":'])(
    "is left out where it is damaged: %s",
    (line) => {
      expect(parseEntry(line)).toBeUndefined();
    },
  );
});

describe("between two statuses", () => {
  const before = statusOf({ instances: inState("MASTER"), health: healthOf({}) });

  it("there are no events where they are the same", () => {
    expect(eventsBetween(before, { ...before, metadata: { ...before.metadata, readAt: "later" } })).toEqual(
      [],
    );
  });

  it("a verdict comes before the transition that follows from it", () => {
    const failed: CheckStatus = { ...CHECK, verdict: "unhealthy", reason: "connection refused" };
    const after = statusOf({ instances: inState("FAULT"), health: healthOf({ checks: [failed] }) });

    expect(eventsBetween(before, after)).toEqual([
      {
        kind: "check",
        group: "main",
        check: "tcp",
        verdict: "unhealthy",
        reason: "connection refused",
        onset: AT,
      },
      { kind: "transition", group: "main", from: "MASTER", to: "FAULT" },
    ]);
  });

  it("a reload is an event, and what it changes; a refused one that is no longer wanted is another", () => {
    const configured = (at: string, outcome: "applied" | "refused", appliedCount: number) =>
      statusOf({
        configuration: {
          ...before.configuration,
          appliedCount,
          lastReload: { at, outcome, durationMs: 90, reason: undefined, changes: ["main: priority 1 -> 2"] },
        },
      });
    const applied = configured(AT, "applied", 2);
    const refused = configured("2026-11-22T04:00:00.000Z", "refused", 2);

    expect(eventsBetween(before, applied)).toEqual([
      {
        kind: "reload",
        outcome: "applied",
        durationMs: 90,
        reason: undefined,
        changes: ["main: priority 1 -> 2"],
      },
    ]);
    expect(eventsBetween(applied, refused)).toMatchObject([{ kind: "reload", outcome: "refused" }]);
    expect(eventsBetween(refused, applied)).toEqual([{ kind: "reload", outcome: "withdrawn" }]);
  });

  it("a gate that is lacking is an event, and so is that it came after all; one that fails is a problem", () => {
    const on = statusOf({ gate: { phase: "on" } });
    const waiting = statusOf({ gate: { phase: "waiting" } });
    const without = statusOf({ gate: { phase: "unavailable", reason: "nft did not end within 2000 ms" } });
    const half = statusOf({ gate: { phase: "on", reason: "not for IPv6: busy" } });
    const blocking = statusOf({ gate: { phase: "blocking", reason: "no nft" } });
    const lack = "not available: nft did not end within 2000 ms";

    expect(eventsBetween(waiting, on)).toEqual([]);
    expect(eventsBetween(waiting, without)).toEqual([{ kind: "gate", lack }]);
    expect(eventsBetween(without, on)).toEqual([{ kind: "gate", lack: undefined }]);
    expect(eventsBetween(on, half)).toEqual([{ kind: "gate", lack: "on, but not for IPv6: busy" }]);
    expect(eventsBetween(without, blocking)).toEqual([]);
    expect(journalText([{ at: AT, kind: "gate" }])).toContain("gate: on\n");
  });

  it("two hosts that are owners together are one event, as their suspicions say the same", () => {
    const both = ["198.51.100.12", "198.51.100.13"].map((address) => {
      return { ...SUSPICION, cause: "two-owners" as const, address, since: AT };
    });
    const seen = statusOf({ splitBrain: both });

    expect(eventsBetween(statusOf({}), seen)).toHaveLength(1);
    expect(eventsBetween(seen, statusOf({}))).toHaveLength(1);
  });

  it("the begin and end of drains, holds, problems and contradictions are events, and so are reloads, hosts and starts", () => {
    const problem = {
      part: "metadata",
      code: "METADATA_UNREACHABLE",
      message: "refused",
      hint: undefined,
      since: AT,
    } as const;
    const lastReload = {
      at: AT,
      outcome: "refused",
      durationMs: undefined,
      reason: "CONF_REJECTED: x",
    } as const;
    const after = statusOf({
      host: { uuid: "other", name: "node-2" },
      metadata: { source: "last-good", version: "v", readAt: undefined },
      configuration: { ...before.configuration, lastReload },
      instances: inState("MASTER"),
      health: healthOf({ isDrained: true, drainedBy: "command", heldBy: "its owner comes first" }),
      problems: [{ ...problem, message: "refused\ntwice" }],
      contradictions: [
        { text: "new", since: AT, isLasting: false },
        { text: "old", since: AT, isLasting: true },
      ],
    });
    const begun = eventsBetween({ ...before, keepalived: { isRunning: false, pid: undefined } }, after);
    const over = eventsBetween(after, before);

    expect(begun).toEqual([
      { kind: "host", uuid: "other", name: "node-2" },
      { kind: "metadata-source", source: "last-good" },
      { kind: "keepalived-started" },
      { kind: "problem", part: "metadata", text: "METADATA_UNREACHABLE: refused; twice" },
      { kind: "drain", group: "main", by: "command" },
      { kind: "hold", group: "main", reason: "its owner comes first" },
      { kind: "reload", outcome: "refused", durationMs: undefined, reason: "CONF_REJECTED: x" },
      { kind: "contradiction", text: "old", isOver: false },
    ]);
    expect(over).toEqual([
      { kind: "host", uuid: "e3d3bd2b", name: "node-1" },
      { kind: "metadata-source", source: "live" },
      { kind: "problem", part: "metadata" },
      { kind: "drain", group: "main", by: undefined },
      { kind: "hold", group: "main", reason: undefined },
      { kind: "contradiction", text: "old", isOver: true },
    ]);
  });

  it("a contradiction in other words is the same one", () => {
    const [one, other] = [AT, "2026-11-22T14:00:05.000Z"];
    const lasting = (...texts: readonly (readonly [string, string])[]) =>
      statusOf({ contradictions: texts.map(([text, since]) => ({ text, since, isLasting: true })) });

    expect(eventsBetween(lasting(["a: why", one]), lasting(["a: a cause", one]))).toEqual([]);
    expect(eventsBetween(lasting(["a", one]), lasting(["b", other]))).toEqual([
      { kind: "contradiction", text: "b", isOver: false },
      { kind: "contradiction", text: "a", isOver: true },
    ]);
    expect(eventsBetween(lasting(["a", one], ["b", one]), lasting(["b", one]))).toEqual([
      { kind: "contradiction", text: "a", isOver: true },
    ]);
  });

  it("a group that ends leaves its state", () => {
    expect(eventsBetween(before, { ...before, instances: [] })).toEqual([
      { kind: "transition", group: "main", from: "MASTER", to: "UNKNOWN" },
    ]);
  });
});

it.each([
  { line: "Netlink reports eth0 down", want: { kind: "link", interface: "eth0", isUp: false } },
  { line: "Netlink reports eth0 up", want: { kind: "link", interface: "eth0", isUp: true } },
  {
    line: "Netlink reflector reports IP 198.51.100.50 removed from eth0",
    want: { kind: "address-lost", address: "198.51.100.50", isVip: true },
  },
  {
    line: "(main) Master received advert from 198.51.100.2 with higher priority 250, ours 240",
    want: { kind: "yielded", group: "main", address: "198.51.100.2", priority: 250, ownPriority: 240 },
  },
  {
    line: "(main) Master received advert from 198.51.100.2 with same priority 247 but higher IP address than ours",
    want: { kind: "yielded", group: "main", address: "198.51.100.2", priority: 247, ownPriority: 247 },
  },
  {
    line: "(main) Master received advert from 198.51.100.12 with higher priority 250, ours 240",
    want: {
      kind: "yielded",
      group: "main",
      address: "198.51.100.12",
      host: "node-2",
      priority: 250,
      ownPriority: 240,
    },
  },
  {
    line: "pid 4711 exited due to segmentation fault (SIGSEGV).",
    want: { kind: "keepalived-ended", reason: "its VRRP process died (segmentation fault (SIGSEGV).)" },
  },
  { line: "(main) Entering BACKUP STATE", want: undefined },
])("keepalived's line `$line` is recorded as $want", ({ line, want }) => {
  const nameOf = (address: string) => (address === "198.51.100.12" ? "node-2" : undefined);

  expect(journalEventOf(parseLogLine(line), nameOf)).toEqual(want);
});

const journalText = (entries: readonly JournalEntry[], sinceMs = Number.NEGATIVE_INFINITY) =>
  textOf(selectJournal(toReadableJournal(entries), { sinceMs }));

describe("the text", () => {
  const entries: JournalEntry[] = [
    { at: "2026-11-22T03:00:00.000Z", kind: "agent-started", version: "0.1.0" },
    { at: "2026-11-22T03:00:01.000Z", kind: "host", name: "host-2", uuid: "u2" },
    { at: "2026-11-22T03:00:02.000Z", kind: "keepalived-started" },
    { at: "2026-11-22T03:00:02.000Z", kind: "reload", outcome: "applied", durationMs: 90 },
    { at: "2026-11-22T03:00:05.000Z", kind: "transition", group: "web", from: "BACKUP", to: "MASTER" },
    { at: "2026-11-22T03:00:05.300Z", kind: "succession", group: "web", how: "none-heard" },
    {
      at: "2026-11-22T03:10:00.000Z",
      kind: "metadata",
      changes: [
        { what: "host", name: "node-3", how: "added" },
        { what: "label", name: "keepalived.priority", how: "changed" },
      ],
    },
    { at: AT, kind: "drain", group: "web", by: "command" },
    { at: AT, kind: "transition", group: "web", from: "MASTER", to: "FAULT" },
    { at: AT, kind: "problem", part: "metadata", text: "a\u001b[2J\nb" },
  ];

  it("has one line per entry, and the moves among them", () => {
    expect(journalText(entries)).toMatchInlineSnapshot(`
      "2026-11-22T03:00:00.000Z  agent 0.1.0 started
      2026-11-22T03:00:01.000Z  this host is host-2 (u2)
      2026-11-22T03:00:02.000Z  keepalived started
      2026-11-22T03:00:02.000Z  configuration applied
      2026-11-22T03:00:05.000Z  web: BACKUP -> MASTER
      => web came to host-2 at 03:00:05: no owner was heard
      2026-11-22T03:00:05.300Z  web: previous owner: none heard
      2026-11-22T03:10:00.000Z  host node-3 added, label keepalived.priority changed
      2026-11-22T03:14:07.250Z  web: drained by command
      2026-11-22T03:14:07.250Z  web: MASTER -> FAULT
      => web left host-2 at 03:14:07: drained by command
      2026-11-22T03:14:07.250Z  metadata: a\\u001b[2J\\u000ab

      VIPs came to or left this host 2 times since 2026-11-22T03:00:00.000Z, in UTC:
      2026-11-22  web came to host-2 at 03:00:05: no owner was heard
      2026-11-22  web left host-2 at 03:14:07: drained by command
      "
    `);
  });

  it("begins at a given time, and still knows an earlier cause", () => {
    const sinceMs = instantMs(AT)!;

    expect(journalText(entries, sinceMs).split("\n").slice(0, 3)).toEqual([
      `${AT}  web: drained by command`,
      `${AT}  web: MASTER -> FAULT`,
      "=> web left host-2 at 03:14:07: drained by command",
    ]);
    const json = JSON.parse(journalJson(selectJournal(toReadableJournal(entries), { sinceMs })));
    expect(json.entries.map(({ words }: { words: string }) => words)).toEqual([
      "web: drained by command",
      "web: MASTER -> FAULT",
      "metadata: a\\u001b[2J\\u000ab",
    ]);
    expect(json.moves).toEqual([
      {
        at: AT,
        recordedAt: AT,
        group: "web",
        move: "left",
        sentence: "web left host-2 at 03:14:07: drained by command",
      },
    ]);
  });

  it("says that an owner did not answer", () => {
    const figures = { questions: 5, windowMs: 51, silenceMs: 271, hasAnsweredForItself: false };
    const entry = { at: AT, kind: "owner-unanswered", group: "web", owner: "host-1", ...figures } as const;

    expect(journalText([entry])).toContain(
      "web: owner host-1 did not answer 5 questions within 51 ms: this host takes over\n",
    );
    expect(journalText([{ ...entry, hasAnsweredForItself: true }])).toContain(
      "web: owner host-1 answered for its own address, but not 5 questions within 51 ms for its VIP: this host takes over\n",
    );
  });

  it.each([
    { how: { to: "VRRPv3 VRID 51" }, words: "web: planned change to VRRPv3 VRID 51 begins" },
    { how: {}, words: "web: planned change ended" },
    {
      how: { despite: "198.51.100.12" },
      words: "web: this host waits no longer for 198.51.100.12, which owns the VIPs with other settings",
    },
  ])("says of a planned change: $words", ({ how, words }) => {
    expect(journalText([{ at: AT, kind: "change", group: "web", ...how }])).toContain(`${AT}  ${words}\n`);
  });

  it("ends with a pointer to the other hosts where it shows one side of a move", () => {
    const closing = (...some: JournalEntry[]) => journalText(some).trimEnd().split("\n").slice(-2);
    const came = { at: AT, kind: "transition", group: "web", from: "BACKUP", to: "MASTER" } as const;

    expect(closing(came)).toEqual([
      "2026-11-22  web came to this host at 03:14:07",
      "The journal of the other host says why a VIP left it.",
    ]);
    expect(closing(...entries.slice(0, 4))[1]).toBe(
      "No VIP came to or left this host since 2026-11-22T03:00:00.000Z. Read the journals of the other hosts, too.",
    );
    expect(journalText([])).toBe("");
  });

  it("says of which group no VIP moved, and of which one some did, where a group is asked for", () => {
    const moved: JournalEntry[] = [
      ...entries.slice(0, 2),
      { at: AT, kind: "transition", group: "web", from: "BACKUP", to: "MASTER" },
    ];
    const closing = (group: string) =>
      textOf(selectJournal(toReadableJournal(moved), { group }), PLAIN, group).split("\n\n")[1];

    expect(closing("db\u001b")).toBe(
      "No VIP of db\\u001b came to or left this host since 2026-11-22T03:00:00.000Z. Read the journals of the other hosts, too.\n",
    );
    expect(closing("web")).toContain(
      "VIPs of web came to or left this host once since 2026-11-22T03:00:00.000Z, in UTC:\n",
    );
  });

  it("repeats the last 20 of many moves at the end", () => {
    const states = ["MASTER", "BACKUP"];
    const flapping = Array.from({ length: 50 }, (_, index): JournalEntry => {
      const to = states[index % 2]!;
      const at = `2026-11-22T03:00:${index + 10}.000Z`;
      return { at, kind: "transition", group: "web", from: "MASTER", to };
    });
    const lines = journalText(flapping).trimEnd().split("\n");

    expect(lines.at(-21)).toBe(
      "VIPs came to or left this host 50 times since 2026-11-22T03:00:10.000Z; the last 20, in UTC:",
    );
  });

  it("shows an entry of another version unchanged", () => {
    const odd = { at: AT, kind: "eclipse", size: 3 } as unknown as JournalEntry;

    expect(journalText([odd]).split("\n")[0]).toBe(`${AT}  {"at":"${AT}","kind":"eclipse","size":3}`);
  });
});
