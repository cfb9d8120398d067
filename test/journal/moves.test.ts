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

type TimedEvent = readonly [seconds: number, event: JournalEvent];

const journal = (...events: TimedEvent[]): JournalEntry[] =>
  events.map(([seconds, event]) => ({ at: at(seconds), ...event }));
const sentences = (...events: TimedEvent[]) =>
  deriveMoves(journal(...events)).map(({ sentence }) => sentence);

const group = "web";
const to = (seconds: number, state: string, from = "MASTER"): TimedEvent => [
  seconds,
  { kind: "transition", group, from, to: state },
];
const check = (
  seconds: number,
  name: string,
  reason: string,
  onset: number,
  verdict: "healthy" | "unhealthy" = "unhealthy",
): TimedEvent => [seconds, { kind: "check", group, check: name, verdict, reason, onset: at(onset) }];
const OWNER: TimedEvent[] = [
  [-900, { kind: "agent-started", version: "0.1.0" }],
  [-899, { kind: "host", name: "host-2", uuid: "u2" }],
  check(-898, "ports", "dnat (10.42.1.2:80)", -899, "healthy"),
  to(-895, "BACKUP", "UNKNOWN"),
  to(-890, "MASTER", "BACKUP"),
];
/** The last sentence in the owner's journal. */
const leaving = (...events: TimedEvent[]) => sentences(...OWNER, ...events).at(-1);

describe("a VIP that leaves", () => {
  it.each<{ cause: string; events: TimedEvent[]; sentence: string }>([
    {
      cause: "a port is gone",
      events: [check(-0.1, "ports", "80/tcp: port-not-published", -0.8), to(0, "FAULT")],
      sentence: "web left host-2 at 03:14:07: port 80/tcp not published for 0.8 s",
    },
    {
      cause: "Rancher's chain is gone",
      events: [check(-0.1, "ports", "80/tcp: chain-missing (nft)", -0.5), to(0, "FAULT")],
      sentence:
        "web left host-2 at 03:14:07: port 80/tcp not published (Rancher's chain is missing) for 0.5 s",
    },
    {
      cause: "the program behind a port is gone",
      events: [check(-0.1, "target", "80/tcp: target-failed (10.42.1.2:80)", -0.5), to(0, "FAULT")],
      sentence: "web left host-2 at 03:14:07: port 80/tcp without an answer from its container for 0.5 s",
    },
    {
      cause: "two checks fail together",
      events: [
        check(-0.3, "http", "503 Service Unavailable", -1.4),
        check(-0.1, "tcp", "connection refused", -0.9),
        to(0, "FAULT"),
      ],
      sentence:
        "web left host-2 at 03:14:07: check http: 503 Service Unavailable for 1.4 s; check tcp: connection refused for 0.9 s",
    },
    {
      cause: "the agent is stopped",
      events: [[-0.5, { kind: "agent-stopping" }], to(0, "STOP"), [1, { kind: "agent-stopped" }]],
      sentence: "web left host-2 at 03:14:07: the agent was stopped",
    },
    {
      cause: "keepalived is killed",
      events: [
        to(0, "STOPPED"),
        [0.01, { kind: "keepalived-ended", reason: "keepalived ended by SIGKILL by itself: (web) x" }],
        [0.3, { kind: "keepalived-started" }],
      ],
      sentence: "web left host-2 at 03:14:07: keepalived ended by SIGKILL",
    },
    {
      cause: "the link goes down",
      events: [to(0, "FAULT"), [0.02, { kind: "link", interface: "eth0", isUp: false }]],
      sentence: "web left host-2 at 03:14:07: link eth0 went down",
    },
    {
      cause: "the host is drained by label",
      events: [[-0.1, { kind: "drain", group, by: "keepalived.drain (host label)" }], to(0, "FAULT")],
      sentence: "web left host-2 at 03:14:07: drained by keepalived.drain (host label)",
    },
    {
      cause: "the host is drained by command",
      events: [[-0.1, { kind: "drain", group, by: "command" }], to(0, "FAULT")],
      sentence: "web left host-2 at 03:14:07: drained by command",
    },
    {
      cause: "the agent is frozen",
      events: [[-0.1, { kind: "agent-frozen", durationMs: 6_240 }], to(0, "FAULT")],
      sentence: "web left host-2 after 03:14:00: the agent did not run for 6.2 s",
    },
    {
      cause: "the agent was starved for a moment, and a check failed all the same",
      events: [
        [-0.3, { kind: "agent-frozen", durationMs: 2_100 }],
        check(-0.1, "ports", "80/tcp: port-not-published", -0.8),
        to(0, "FAULT"),
      ],
      sentence: "web left host-2 at 03:14:07: port 80/tcp not published for 0.8 s",
    },
    {
      cause: "a pause is followed by a second owner, as without a lease",
      events: [
        to(0, "BACKUP"),
        [0.01, { kind: "yielded", group, address: "198.51.100.12", priority: 247, ownPriority: 247 }],
        [0.1, { kind: "agent-frozen", durationMs: 3_000 }],
      ],
      sentence:
        "web left host-2 at 03:14:07: 198.51.100.12 was owner too, with the same priority 247 and a higher address, after this agent did not run for 3.0 s",
    },
    {
      cause: "a pause explains what nothing else does",
      events: [[-0.1, { kind: "agent-frozen", durationMs: 2_000 }], to(0, "BACKUP")],
      sentence: "web left host-2 after 03:14:04: the agent did not run for 2.0 s",
    },
    {
      cause: "a planned change is under way",
      events: [
        [-1, { kind: "change", group, to: "VRRPv3 VRID 51 198.51.100.50 on eth0 from 198.51.100.11" }],
        [-0.1, { kind: "hold", group, reason: "its owner comes first" }],
        to(0, "FAULT"),
      ],
      sentence:
        "web left host-2 at 03:14:07: a planned change of the group to VRRPv3 VRID 51 198.51.100.50 on eth0 from 198.51.100.11",
    },
    {
      cause: "the VRRP source is gone",
      events: [
        [-0.2, { kind: "address-lost", address: "198.51.100.12", isVip: false }],
        [-0.1, { kind: "hold", group, reason: "the VRRP source 198.51.100.12 is gone from this host" }],
        to(0, "FAULT"),
      ],
      sentence: "web left host-2 at 03:14:07: the VRRP source 198.51.100.12 is gone from this host",
    },
    {
      cause: "the VIP's lease ran out while everything was frozen",
      events: [
        [-0.01, { kind: "lease-ended", address: "198.51.100.50" }],
        to(0, "BACKUP"),
        [0.5, { kind: "address-lost", address: "198.51.100.50", isVip: true }],
      ],
      sentence: "web left host-2 at 03:14:07: the lease of 198.51.100.50 ran out, as nothing renewed it",
    },
    {
      cause: "another program removes the VIP",
      events: [[-0.01, { kind: "address-lost", address: "198.51.100.50", isVip: true }], to(0, "BACKUP")],
      sentence: "web left host-2 at 03:14:07: another program removed 198.51.100.50 from this host",
    },
    {
      cause: "its own link goes down shortly before another group's",
      events: [
        [-0.02, { kind: "link", interface: "eth0", isUp: false, groups: [group] }],
        to(0, "FAULT"),
        [0.01, { kind: "link", interface: "eth1", isUp: false, groups: ["mail"] }],
      ],
      sentence: "web left host-2 at 03:14:07: link eth0 went down",
    },
    {
      cause: "its link goes down, and came up before it was recorded",
      events: [
        [-1, { kind: "link", interface: "eth0", isUp: false, groups: [group] }],
        to(0, "FAULT"),
        [0.3, { kind: "link", interface: "eth0", isUp: true, groups: [group] }],
      ],
      sentence: "web left host-2 at 03:14:07: link eth0 went down",
    },
    ...(
      [
        { kind: "link", interface: "eth1", isUp: false, groups: ["mail"] },
        { kind: "address-lost", address: "198.51.100.51", isVip: true, groups: ["mail"] },
        { kind: "lease-ended", address: "198.51.100.51", groups: ["mail"] },
        // entries of an older agent name no group
        { kind: "link", interface: "eth1", isUp: false },
        { kind: "address-lost", address: "198.51.100.51", isVip: true },
        { kind: "lease-ended", address: "198.51.100.51" },
        { kind: "keepalived-ended", reason: "keepalived ended by itself" },
      ] satisfies JournalEvent[]
    ).map((later) => ({
      cause: `a port is gone, and 1 s later ${JSON.stringify(later)}`,
      events: [
        check(-0.1, "ports", "80/tcp: port-not-published", -0.8),
        to(0, "FAULT"),
        [1, later],
      ] satisfies TimedEvent[],
      sentence: "web left host-2 at 03:14:07: port 80/tcp not published for 0.8 s",
    })),
    {
      cause: "an owner with a higher priority appears",
      events: [
        to(0, "BACKUP"),
        [0.01, { kind: "yielded", group, address: "198.51.100.11", priority: 250, ownPriority: 240 }],
      ],
      sentence: "web left host-2 at 03:14:07: 198.51.100.11 has a higher priority (250, this host 240)",
    },
    {
      cause: "an owner with a higher address appears",
      events: [
        to(0, "BACKUP"),
        [0.01, { kind: "yielded", group, address: "198.51.100.12", priority: 247, ownPriority: 247 }],
      ],
      sentence:
        "web left host-2 at 03:14:07: 198.51.100.12 was owner too, with the same priority 247 and a higher address",
    },
    {
      cause: "nothing says why",
      events: [to(0, "BACKUP")],
      sentence: "web left host-2 at 03:14:07: the journal does not say why",
    },
  ])("because $cause", ({ events, sentence }) => {
    expect(leaving(...events)).toBe(sentence);
  });

  it("with an agent that was killed is recorded at the next start", () => {
    const moves = sentences(...OWNER, [0, { kind: "agent-started", version: "0.1.0" }]);

    expect(moves.at(-1)).toBe("web left host-2 after 02:59:17: the agent was killed, or the host went down");
  });

  it.each<{ why: string; events: TimedEvent[] }>([
    {
      why: "a check that failed and passed again",
      events: [check(-1.5, "tcp", "refused", -2), check(-1, "tcp", "open", -1.2, "healthy")],
    },
    {
      why: "a check of another group",
      events: [
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
    { why: "a check that failed long before", events: [check(-60, "tcp", "refused", -61)] },
    {
      why: "a drain that is over",
      events: [
        [-9, { kind: "drain", group, by: "command" }],
        [-8, { kind: "drain", group }],
      ],
    },
    {
      why: "a hold that is over",
      events: [
        [-9, { kind: "hold", group, reason: "x" }],
        [-8, { kind: "hold", group }],
      ],
    },
    {
      why: "a link that went down long before",
      events: [[-60, { kind: "link", interface: "eth0", isUp: false }]],
    },
    { why: "a link that is up again", events: [[-0.1, { kind: "link", interface: "eth0", isUp: true }]] },
    {
      why: "a higher priority in another group",
      events: [[0, { kind: "yielded", group: "mail", address: "x", priority: 2, ownPriority: 1 }]],
    },
    {
      why: "another group's link",
      events: [[-0.1, { kind: "link", interface: "eth1", isUp: false, groups: ["mail"] }]],
    },
    {
      why: "another group's VIP that a program removed",
      events: [[-0.1, { kind: "address-lost", address: "x", isVip: true, groups: ["mail", "db"] }]],
    },
    {
      why: "another group's lease",
      events: [[-0.1, { kind: "lease-ended", address: "x", groups: ["mail"] }]],
    },
    { why: "an earlier keepalived's end", events: [[-30, { kind: "keepalived-ended", reason: "x" }]] },
  ])("is not attributed to $why", ({ events }) => {
    expect(leaving(...events, to(0, "BACKUP"))).toBe(
      "web left host-2 at 03:14:07: the journal does not say why",
    );
  });

  it("is not attributed to a drain of an earlier run", () => {
    const moves = sentences(
      [-99, { kind: "agent-started", version: "0.1.0" }],
      [-98, { kind: "drain", group, by: "command" }],
      ...OWNER.map(([, event]): TimedEvent => [-50, event]),
      to(0, "BACKUP"),
    );

    expect(moves.at(-1)).toBe("web left host-2 at 03:14:07: the journal does not say why");
  });

  it("is reported once, and not again at the next transition", () => {
    expect(sentences(...OWNER, to(0, "FAULT"), to(1, "BACKUP", "FAULT"))).toHaveLength(2);
  });
});

describe("who took over", () => {
  const takenOver = (seconds: number, by: string): TimedEvent => [seconds, { kind: "taken-over", group, by }];
  const LEFT = "web left host-2 at 03:14:07: drained by command";
  const drain: TimedEvent = [-0.1, { kind: "drain", group, by: "command" }];

  it.each<{ why: string; events: TimedEvent[]; sentence: string }>([
    {
      why: "heard a moment later",
      events: [takenOver(0.3, "host-1")],
      sentence: `${LEFT}; host-1 took over`,
    },
    {
      why: "heard after another state of this host",
      events: [to(0.1, "BACKUP", "FAULT"), takenOver(0.3, "host-1")],
      sentence: `${LEFT}; host-1 took over`,
    },
    {
      why: "of another group",
      events: [[0.3, { kind: "taken-over", group: "db", by: "host-1" }]],
      sentence: LEFT,
    },
    { why: "much later", events: [takenOver(60, "host-1")], sentence: LEFT },
  ])("is said of one that is $why", ({ events, sentence }) => {
    expect(leaving(drain, to(0, "FAULT"), ...events)).toBe(sentence);
  });

  it.each<{ why: string; events: TimedEvent[]; sentence: string }>([
    {
      why: "the agent was frozen",
      events: [[-0.1, { kind: "agent-frozen", durationMs: 21_000 }], to(0, "FAULT")],
      sentence:
        "web left host-2 after 03:13:45: the agent did not run for 21 s; host-1 owned it since 03:14:02.123",
    },
    {
      why: "everything was frozen, for less time than the watchdog waits",
      events: [
        [-0.2, { kind: "lease-ended", address: "198.51.100.50" }],
        to(0, "BACKUP"),
        [0.2, { kind: "agent-frozen", durationMs: 4_999 }],
      ],
      sentence:
        "web left host-2 after 03:14:02: the agent did not run for 5.0 s; host-1 owned it since 03:14:02.123",
    },
    {
      why: "the lease ended in a pause that is not told",
      events: [[-0.1, { kind: "lease-ended", address: "198.51.100.50" }], to(0, "BACKUP")],
      sentence:
        "web left host-2 at 03:14:07: the lease of 198.51.100.50 ran out, as nothing renewed it; host-1 owned it since 03:14:02.123",
    },
    {
      why: "there were two owners",
      events: [
        to(0, "BACKUP"),
        [
          0.01,
          {
            kind: "yielded",
            group,
            address: "198.51.100.11",
            host: "host-1",
            priority: 250,
            ownPriority: 240,
          },
        ],
      ],
      sentence:
        "web left host-2 at 03:14:07: host-1 (198.51.100.11) has a higher priority (250, this host 240); host-1 owned it since 03:14:02.123",
    },
  ])("is told with the time since when it owned the VIPs where $why", ({ events, sentence }) => {
    const takeover: TimedEvent = [0.4, { kind: "taken-over", group, by: "host-1", since: at(-4.877) }];

    expect(leaving(...events, takeover)).toBe(sentence);
  });

  it("took over after an order, however late this host noticed its own release", () => {
    const takeover: TimedEvent = [0.4, { kind: "taken-over", group, by: "host-1", since: at(-1.5) }];

    expect(leaving(drain, to(0, "FAULT"), takeover)).toBe(`${LEFT}; host-1 took over`);
  });

  it("is not reported where the group came back first", () => {
    const moves = sentences(
      ...OWNER,
      drain,
      to(0, "FAULT"),
      to(0.2, "MASTER", "FAULT"),
      takenOver(0.3, "host-1"),
    );

    expect(moves).toContain(LEFT);
  });
});

describe("a VIP that comes", () => {
  it.each([
    { how: "given-up", why: ": its owner gave it up" },
    { how: "silent", why: ": its owner fell silent" },
    { how: "none-heard", why: ": no owner was heard" },
    { how: "given-up", owner: "host-1", why: ": its owner host-1 gave it up" },
    { how: "silent", owner: "192.0.2.7", why: ": its owner 192.0.2.7 fell silent" },
  ] as const)("where it was $how, $owner", ({ how, why, ...named }) => {
    const moves = sentences(...OWNER.slice(0, 4), to(0, "MASTER", "BACKUP"), [
      0.3,
      { kind: "succession", group, how, ...named },
    ]);

    expect(moves).toEqual([`web came to host-2 at 03:14:07${why}`]);
  });

  const came = (...events: TimedEvent[]) =>
    sentences(
      ...OWNER.slice(0, 4),
      ...events.filter(([s]) => s < 0),
      to(0, "MASTER", "BACKUP"),
      ...events.filter(([s]) => s > 0),
    ).at(-1);
  const silent: TimedEvent = [0.3, { kind: "succession", group, how: "silent" }];
  const unanswered = (of: string): JournalEvent => ({
    kind: "owner-unanswered",
    group: of,
    owner: "host-1",
    questions: 5,
    windowMs: 51,
    silenceMs: 271,
    hasAnsweredForItself: false,
  });
  const DEAF = "web came to host-2 at 03:14:07: this host could not hear an owner, as ";

  it.each<{ why: string; events: TimedEvent[]; sentence: string }>([
    {
      why: "its rules drop the owner's adverts",
      events: [[0.29, { kind: "deaf", group, reason: "protocol 112 from 10.0.0.1 is dropped by x" }], silent],
      sentence: `${DEAF}protocol 112 from 10.0.0.1 is dropped by x`,
    },
    {
      why: "its link was down just before",
      events: [
        [-60, { kind: "link", interface: "eth0", isUp: false }],
        [-2, { kind: "link", interface: "eth0", isUp: true }],
        silent,
      ],
      sentence: `${DEAF}its link eth0 was down until 03:14:05`,
    },
    {
      why: "its link was down before another group's",
      events: [
        [-3, { kind: "link", interface: "eth0", isUp: true, groups: [group] }],
        [-2, { kind: "link", interface: "eth1", isUp: false, groups: ["mail"] }],
        silent,
      ],
      sentence: `${DEAF}its link eth0 was down until 03:14:04`,
    },
  ])("is not laid on an owner's silence where $why", ({ events, sentence }) => {
    expect(came(...events)).toBe(sentence);
  });

  it.each<{ why: string; events: TimedEvent[]; reason: string }>([
    {
      why: "the link came back long before",
      events: [[-9, { kind: "link", interface: "eth0", isUp: true }], silent],
      reason: "its owner fell silent",
    },
    {
      why: "another group's link is down",
      events: [[-1, { kind: "link", interface: "eth1", isUp: false, groups: ["mail"] }], silent],
      reason: "its owner fell silent",
    },
    {
      why: "another group is deaf",
      events: [[0.1, { kind: "deaf", group: "mail", reason: "x" }], silent],
      reason: "its owner fell silent",
    },
    {
      why: "the owner was heard to give it up",
      events: [
        [-2, { kind: "link", interface: "eth0", isUp: true }],
        [0.3, { kind: "succession", group, how: "given-up" }],
      ],
      reason: "its owner gave it up",
    },
    {
      why: "its owner did not answer",
      events: [
        [-0.02, unanswered(group)],
        [0.3, { kind: "succession", group, how: "silent" }],
      ],
      reason: "its owner host-1 did not answer 5 questions within 51 ms",
    },
    {
      why: "an owner did not answer long before, or that of another group",
      events: [[-9, unanswered(group)], [-0.02, unanswered("mail")], silent],
      reason: "its owner fell silent",
    },
  ])("has the owner's reason where $why", ({ events, reason }) => {
    expect(came(...events)).toBe(`web came to host-2 at 03:14:07: ${reason}`);
  });

  it("is reported without a reason where none is known, and on a host without a name", () => {
    const late: TimedEvent = [60, { kind: "succession", group, how: "silent" }];

    expect(sentences(to(0, "MASTER", "BACKUP"), late)).toEqual(["web came to this host at 03:14:07"]);
  });
});
