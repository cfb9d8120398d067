import { describe, expect, it } from "vitest";
import type { JournalEntry, JournalEvent } from "../../src/journal/event.ts";
import { deriveMoves } from "../../src/journal/moves.ts";

const START_MS = 3 * 3_600_000 + 14 * 60_000 + 7_000;

/** `seconds` after 03:14:07. */
function at(seconds: number): string {
  const ms = START_MS + Math.round(seconds * 1_000);
  const part = (value: number, digits = 2) => String(Math.floor(value)).padStart(digits, "0");
  const time = `${part(ms / 3_600_000)}:${part((ms / 60_000) % 60)}:${part((ms / 1_000) % 60)}`;
  return `2026-11-22T${time}.${part(ms % 1_000, 3)}Z`;
}

type Told = readonly [seconds: number, event: JournalEvent];

const journal = (...told: Told[]): JournalEntry[] =>
  told.map(([seconds, event]) => ({ at: at(seconds), ...event }));
const sentences = (...told: Told[]) => deriveMoves(journal(...told)).map(({ sentence }) => sentence);

const group = "web";
const to = (seconds: number, state: string, from = "MASTER"): Told => [
  seconds,
  { kind: "transition", group, from, to: state },
];
const check = (
  seconds: number,
  name: string,
  reason: string,
  onset: number,
  verdict: "healthy" | "unhealthy" = "unhealthy",
): Told => [seconds, { kind: "check", group, check: name, verdict, reason, onset: at(onset) }];
const OWNER: Told[] = [
  [-900, { kind: "agent-started", version: "0.1.0" }],
  [-899, { kind: "host", name: "host-2", uuid: "u2" }],
  check(-898, "ports", "dnat (10.42.1.2:80)", -899, "healthy"),
  to(-895, "BACKUP", "UNKNOWN"),
  to(-890, "MASTER", "BACKUP"),
];
/** What the owner's journal tells last. */
const leaving = (...told: Told[]) => sentences(...OWNER, ...told).at(-1);

describe("a VIP that leaves", () => {
  it.each<{ cause: string; told: Told[]; sentence: string }>([
    {
      cause: "a port is gone",
      told: [check(-0.1, "ports", "80/tcp: port-not-published", -0.8), to(0, "FAULT")],
      sentence: "web left host-2 at 03:14:07: port 80/tcp not published for 0.8 s",
    },
    {
      cause: "Rancher's chain is gone",
      told: [check(-0.1, "ports", "80/tcp: chain-missing (nft)", -0.5), to(0, "FAULT")],
      sentence:
        "web left host-2 at 03:14:07: port 80/tcp not published, as Rancher's chain is missing for 0.5 s",
    },
    {
      cause: "two checks fail together",
      told: [
        check(-0.3, "http", "503 Service Unavailable", -1.4),
        check(-0.1, "tcp", "connection refused", -0.9),
        to(0, "FAULT"),
      ],
      sentence:
        "web left host-2 at 03:14:07: check http: 503 Service Unavailable for 1.4 s; check tcp: connection refused for 0.9 s",
    },
    {
      cause: "the agent is stopped",
      told: [[-0.5, { kind: "agent-stopping" }], to(0, "STOP"), [1, { kind: "agent-stopped" }]],
      sentence: "web left host-2 at 03:14:07: the agent was stopped",
    },
    {
      cause: "keepalived is killed",
      told: [
        to(0, "STOPPED"),
        [0.01, { kind: "keepalived-ended", reason: "keepalived ended by SIGKILL by itself: (web) x" }],
        [0.3, { kind: "keepalived-started" }],
      ],
      sentence: "web left host-2 at 03:14:07: keepalived ended by SIGKILL",
    },
    {
      cause: "the link goes down",
      told: [to(0, "FAULT"), [0.02, { kind: "link", interface: "eth0", isUp: false }]],
      sentence: "web left host-2 at 03:14:07: link eth0 went down",
    },
    {
      cause: "the host is drained by label",
      told: [[-0.1, { kind: "drain", group, by: "keepalived.drain (host label)" }], to(0, "FAULT")],
      sentence: "web left host-2 at 03:14:07: drained by keepalived.drain (host label)",
    },
    {
      cause: "the host is drained by command",
      told: [[-0.1, { kind: "drain", group, by: "command" }], to(0, "FAULT")],
      sentence: "web left host-2 at 03:14:07: drained by command",
    },
    {
      cause: "the agent is frozen",
      told: [[-0.1, { kind: "agent-frozen", durationMs: 6_240 }], to(0, "FAULT")],
      sentence: "web left host-2 at 03:14:07: the agent did not run for 6.2 s",
    },
    {
      cause: "a planned change is under way",
      told: [
        [-1, { kind: "change", group, to: "VRRPv3 VRID 51 198.51.100.50 on eth0 from 198.51.100.11" }],
        [-0.1, { kind: "hold", group, reason: "its owner comes first" }],
        to(0, "FAULT"),
      ],
      sentence:
        "web left host-2 at 03:14:07: a planned change of the group, to VRRPv3 VRID 51 198.51.100.50 on eth0 from 198.51.100.11",
    },
    {
      cause: "the VRRP source is gone",
      told: [
        [-0.2, { kind: "address-lost", address: "198.51.100.12", isVip: false }],
        [
          -0.1,
          { kind: "hold", group, reason: "198.51.100.12, which VRRP speaks from, is gone from this host" },
        ],
        to(0, "FAULT"),
      ],
      sentence: "web left host-2 at 03:14:07: 198.51.100.12, which VRRP speaks from, is gone from this host",
    },
    {
      cause: "somebody removes the VIP",
      told: [[-0.01, { kind: "address-lost", address: "198.51.100.50", isVip: true }], to(0, "BACKUP")],
      sentence: "web left host-2 at 03:14:07: somebody else took 198.51.100.50 off this host",
    },
    {
      cause: "an owner with a higher priority appears",
      told: [
        to(0, "BACKUP"),
        [0.01, { kind: "yielded", group, address: "198.51.100.11", priority: 250, ownPriority: 240 }],
      ],
      sentence: "web left host-2 at 03:14:07: 198.51.100.11 has a higher priority, 250 over 240",
    },
    {
      cause: "an owner with a higher address appears",
      told: [
        to(0, "BACKUP"),
        [0.01, { kind: "yielded", group, address: "198.51.100.12", priority: 247, ownPriority: 247 }],
      ],
      sentence:
        "web left host-2 at 03:14:07: 198.51.100.12 was owner too, with the same priority, 247, and a higher address",
    },
    {
      cause: "nothing says why",
      told: [to(0, "BACKUP")],
      sentence: "web left host-2 at 03:14:07: the journal does not say why",
    },
  ])("because $cause", ({ told, sentence }) => {
    expect(leaving(...told)).toBe(sentence);
  });

  it("with an agent that was killed, as its successor finds", () => {
    const told = sentences(...OWNER, [0, { kind: "agent-started", version: "0.1.0" }]);

    expect(told.at(-1)).toBe(
      "web left host-2 after 02:59:17: the agent ended without a word, killed or with the host",
    );
  });

  it.each<{ why: string; told: Told[] }>([
    {
      why: "a check that failed and is well again",
      told: [check(-1.5, "tcp", "refused", -2), check(-1, "tcp", "open", -1.2, "healthy")],
    },
    {
      why: "a check of another group",
      told: [
        [
          -0.1,
          {
            kind: "check",
            group: "mail",
            check: "tcp",
            verdict: "unhealthy",
            reason: "refused",
            onset: at(-1),
          },
        ],
      ],
    },
    { why: "a check that failed long before", told: [check(-60, "tcp", "refused", -61)] },
    {
      why: "a drain that is over",
      told: [
        [-9, { kind: "drain", group, by: "command" }],
        [-8, { kind: "drain", group }],
      ],
    },
    {
      why: "a hold that is over",
      told: [
        [-9, { kind: "hold", group, reason: "x" }],
        [-8, { kind: "hold", group }],
      ],
    },
    {
      why: "a link that went down long before",
      told: [[-60, { kind: "link", interface: "eth0", isUp: false }]],
    },
    { why: "a link that is up again", told: [[-0.1, { kind: "link", interface: "eth0", isUp: true }]] },
    {
      why: "a higher priority in another group",
      told: [[0, { kind: "yielded", group: "mail", address: "x", priority: 2, ownPriority: 1 }]],
    },
    { why: "an earlier keepalived's end", told: [[-30, { kind: "keepalived-ended", reason: "x" }]] },
  ])("is not put down to $why", ({ told }) => {
    expect(leaving(...told, to(0, "BACKUP"))).toBe(
      "web left host-2 at 03:14:07: the journal does not say why",
    );
  });

  it("is not put down to what was in force in an earlier run", () => {
    const told = sentences(
      [-99, { kind: "agent-started", version: "0.1.0" }],
      [-98, { kind: "drain", group, by: "command" }],
      ...OWNER.map(([, event]): Told => [-50, event]),
      to(0, "BACKUP"),
    );

    expect(told.at(-1)).toBe("web left host-2 at 03:14:07: the journal does not say why");
  });

  it("is told once, and of no other transition", () => {
    expect(sentences(...OWNER, to(0, "FAULT"), to(1, "BACKUP", "FAULT"))).toHaveLength(2);
  });
});

describe("who took over", () => {
  const heir = (seconds: number, by: string): Told => [seconds, { kind: "taken-over", group, by }];
  const LEFT = "web left host-2 at 03:14:07: drained by command";
  const drain: Told = [-0.1, { kind: "drain", group, by: "command" }];

  it.each<{ why: string; told: Told[]; sentence: string }>([
    { why: "heard a moment later", told: [heir(0.3, "host-1")], sentence: `${LEFT}; host-1 took over` },
    {
      why: "heard after another state of this host",
      told: [to(0.1, "BACKUP", "FAULT"), heir(0.3, "host-1")],
      sentence: `${LEFT}; host-1 took over`,
    },
    {
      why: "of another group",
      told: [[0.3, { kind: "taken-over", group: "db", by: "host-1" }]],
      sentence: LEFT,
    },
    { why: "much later", told: [heir(60, "host-1")], sentence: LEFT },
  ])("is said of one that is $why", ({ told, sentence }) => {
    expect(leaving(drain, to(0, "FAULT"), ...told)).toBe(sentence);
  });

  it("is nobody where the group came back first", () => {
    const told = sentences(...OWNER, drain, to(0, "FAULT"), to(0.2, "MASTER", "FAULT"), heir(0.3, "host-1"));

    expect(told).toContain(LEFT);
  });
});

describe("a VIP that comes", () => {
  it.each([
    { how: "given-up", why: ": its owner gave it up" },
    { how: "silent", why: ": its owner fell silent" },
    { how: "none-heard", why: ": no owner was heard" },
  ] as const)("where it was $how", ({ how, why }) => {
    const told = sentences(...OWNER.slice(0, 4), to(0, "MASTER", "BACKUP"), [
      0.3,
      { kind: "succession", group, how },
    ]);

    expect(told).toEqual([`web came to host-2 at 03:14:07${why}`]);
  });

  it("is told without a reason where none is known, and on a host without a name", () => {
    const late: Told = [60, { kind: "succession", group, how: "silent" }];

    expect(sentences(to(0, "MASTER", "BACKUP"), late)).toEqual(["web came to this host at 03:14:07"]);
  });
});
