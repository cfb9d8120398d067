import { describe, expect, it } from "vitest";
import { deriveCluster } from "../../src/cluster/derive.ts";
import type { MemberAnswer } from "../../src/cluster/members.ts";
import { renderCluster, renderClusterLine } from "../../src/cluster/text.ts";
import type { Status } from "../../src/status/status.ts";
import { PLAIN } from "../../src/text/style.ts";
import { answering, answersOf, groupOn, memberOf, SILENT, statusOn } from "../fixtures/cluster.ts";
import { AT, SUSPICION } from "../fixtures/status.ts";

const NOW = "2026-11-22T14:05:01.000Z";
const OWNER = answering(statusOn("node-2", "MASTER", "node-2"));
const CLOSED: MemberAnswer = { reach: "not-reachable", why: "nothing listens there", isClosed: true };
const SPARE = answering(statusOn("node-3", "BACKUP", "node-2"));

function textOf(status: Status, answers: Readonly<Record<string, MemberAnswer>>): string {
  return renderCluster(deriveCluster({ status, answers: answersOf(answers), at: NOW }), { style: PLAIN });
}

describe("status --all", () => {
  it("of a cluster that is well: who owns the group, who could take over, and each host", () => {
    expect(
      textOf(statusOn("node-1", "BACKUP", "node-2"), { "node-2": OWNER, "node-3": SPARE }),
    ).toBe(`well: 3 hosts, 1 group

main: owned by node-2 (198.51.100.12) for 5 min  198.51.100.50/32
  can take over: node-1, node-3

hosts:
  node-1 (198.51.100.11), this host: well, version 0.1.0
  node-2 (198.51.100.12): well, version 0.1.0
  node-3 (198.51.100.13): well, version 0.1.0
`);
  });

  it("of a cluster in trouble: what is wrong first, and what is known of a host that does not answer", () => {
    const [health] = statusOn("node-1", "FAULT").health;
    const drained = { ...health!, isHealthy: false, isDrained: true, drainedBy: "command" };
    const status = statusOn("node-1", "FAULT", "node-2", { health: [drained] });
    const members = [
      memberOf("node-2", { presence: "disconnected" }),
      memberOf("node-3", { presence: "missing" }),
    ];

    expect(
      textOf({ ...status, members }, { "node-2": SILENT, "node-3": SILENT }),
    ).toBe(`NOT WELL: 1 group in trouble, 1 host drained, 2 hosts without an answer

main: owned by node-2 (198.51.100.12) for 5 min  198.51.100.50/32
  no other host is known to be able to take over
  can take over: none known
  not node-1: drained by command
  not node-3: not reachable: no complete answer within 1 s

hosts:
  node-1 (198.51.100.11), this host: drained, otherwise well, version 0.1.0
  node-2 (198.51.100.12): not reachable, no complete answer within 1 s
    metadata: Rancher cannot reach it
    the wire: it owns main, heard 1.0 s ago
  node-3 (198.51.100.13): not reachable, no complete answer within 1 s
    metadata: no running container
    the wire: no advert from it as an owner
`);
  });

  it("of a host with problems: each once with the next step, and alike steps once", () => {
    const problem = (part: "vips" | "metadata", message: string, hint: string) => {
      return { part, code: undefined, message, hint, since: NOW } as const;
    };
    const problems = [
      problem("vips", "one is refused", "Look at it."),
      problem("vips", "another is refused", "Look at it."),
      problem("metadata", "it does not answer\nat all", "Start it."),
    ];
    const text = textOf(statusOn("node-1", "BACKUP", "node-2", { problems }), {
      "node-2": OWNER,
      "node-3": SPARE,
    });

    expect(text).toContain(`  node-1 (198.51.100.11), this host: NOT WELL, version 0.1.0
    vips: one is refused
    vips: another is refused
      -> Look at it.
    metadata: it does not answer; at all
      -> Start it.
  node-2`);
  });

  it("of hosts that keep their HTTP to themselves, as by default: they cannot be asked, and that is no trouble", () => {
    const status = statusOn("node-1", "BACKUP", "node-2");

    expect(
      textOf(status, { "node-2": CLOSED, "node-3": CLOSED }),
    ).toBe(`this host is well; 2 hosts cannot be asked (HTTP_LISTEN is closed there, or no agent runs): run \`status\` on each

main: owned by node-2 (198.51.100.12) for 5 min  198.51.100.50/32
  can take over: node-1
  not asked: node-3

hosts:
  node-1 (198.51.100.11), this host: well, version 0.1.0
  node-2 (198.51.100.12): cannot be asked: nothing listens at its HTTP port (HTTP_LISTEN is 127.0.0.1 by default)
    metadata: its container runs
    the wire: it owns main, heard 1.0 s ago
  node-3 (198.51.100.13): cannot be asked: nothing listens at its HTTP port (HTTP_LISTEN is 127.0.0.1 by default)
    metadata: its container runs
    the wire: no advert from it as an owner
`);
  });

  it("of the owner, whose spares cannot be asked: none is known, and that is no trouble", () => {
    const text = textOf(statusOn("node-1", "MASTER", "node-1"), { "node-2": CLOSED, "node-3": CLOSED });

    expect(text).toMatch(/^this host is well; 2 hosts cannot be asked/);
    expect(text).toContain("  can take over: none known\n  not asked: node-2, node-3\n\nhosts:");
  });

  it.each([
    { why: "another host answers", answers: { "node-2": OWNER, "node-3": CLOSED } },
    {
      why: "metadata shows no running container",
      answers: { "node-2": CLOSED, "node-3": CLOSED },
      members: [memberOf("node-2"), memberOf("node-3", { presence: "missing" })],
    },
  ])("of a host that refuses, where $why: it is without an answer", ({ answers, members }) => {
    const status = statusOn("node-1", "BACKUP", "node-2", members && { members });

    expect(textOf(status, answers)).toMatch(/^NOT WELL: 1 host without an answer/);
  });

  it("of an owner whose host is not well, and whose spares cannot be asked", () => {
    const problem = { part: "vips", code: undefined, message: "no", hint: undefined, since: NOW } as const;
    const status = statusOn("node-1", "MASTER", "node-1", { problems: [problem] });

    expect(textOf(status, { "node-2": CLOSED, "node-3": CLOSED })).toMatch(
      /^NOT WELL: 1 host not well, 2 hosts cannot be asked/,
    );
  });

  it("of a host without metadata: its peers are named, and not taken for nobody", () => {
    const group = { ...groupOn("node-1", "MASTER", "node-1"), peers: ["198.51.100.12"] };
    const metadata = { source: "off", version: undefined, readAt: undefined } as const;
    const alone = { metadata, members: [], instances: [group] };
    const text = textOf(statusOn("node-1", "MASTER", "node-1", alone), {});

    expect(text).toMatch(
      /^this host is well; without metadata only it is shown: run `status` on its peers\n/,
    );
    expect(text).toContain("  can take over: none known\n  not asked: 198.51.100.12\n");
    expect(
      textOf(statusOn("node-1", "MASTER", "node-1", { ...alone, instances: [{ ...group, peers: [] }] }), {}),
    ).toMatch(/^well: 1 host, 1 group\n(?:.*\n)*.*can take over: none\n/);
  });

  it("of a group without an owner", () => {
    const text = textOf(statusOn("node-1", "FAULT", undefined, { members: [] }), {});

    expect(text).toContain("main: no owner, none heard since 14:00:00 UTC  198.51.100.50/32\n");
    expect(text.match(/none heard/g)).toHaveLength(1);
  });

  it("of two other owners that a host sees together: their suspicions once, as they say the same", () => {
    const text = "node-1 (198.51.100.11) and node-2 (198.51.100.12) send adverts as owners";
    const splitBrain = ["198.51.100.11", "198.51.100.12"].map((address) => {
      return { ...SUSPICION, cause: "two-owners" as const, address, text, since: AT };
    });
    const seen = answering(statusOn("node-3", "BACKUP", "node-2", { splitBrain }));
    const shown = textOf(statusOn("node-1", "BACKUP", "node-2"), { "node-2": OWNER, "node-3": seen });

    expect(shown).toContain(`\n  node-3 suspects a second owner: ${text}\n`);
    expect(shown.match(/two-owners: main: /g)).toHaveLength(1);
  });

  it.each([
    { peers: ["203.0.113.8", "203.0.113.9"], owner: "203.0.113.9" },
    { peers: ["203.0.113.8"], owner: "203.0.113.9, whose host is not known," },
  ])("of an owner without a name, with the peers $peers", ({ peers, owner: named }) => {
    const owner = { address: "203.0.113.9", isSelf: false, since: AT, heardAt: AT };
    const group = { ...groupOn("node-1", "BACKUP"), peers, owner, noOwner: undefined };
    const text = textOf(statusOn("node-1", "BACKUP", undefined, { instances: [group], members: [] }), {});

    expect(text).toContain(`\nmain: owned by ${named} for 5 min  198.51.100.50/32\n`);
  });

  it("of an agent that has no group yet", () => {
    const text = textOf({ ...statusOn("node-1", "BACKUP"), instances: [], health: [], members: [] }, {});

    expect(text).toMatch(/^NOT WELL: there is no group yet, 1 host not well\n/);
  });
});

it("names groups that only another host tells of with that host, and not among the groups", () => {
  const ghosts = Array.from({ length: 7 }, (_, index) => ({
    ...groupOn("node-2", "FAULT"),
    name: `a-${index}`,
  }));
  const other = statusOn("node-2", "MASTER", "node-2");
  const text = textOf(statusOn("node-1", "BACKUP", "node-2"), {
    "node-2": answering({ ...other, instances: [...ghosts, ...other.instances] }),
    "node-3": answering(statusOn("node-3", "BACKUP", "node-2")),
  });

  expect(text).not.toMatch(/^a-0/m);
  expect(text).toContain(
    "    it reports groups unknown to this host: a-0 (FAULT), a-1 (FAULT), a-2 (FAULT), a-3 (FAULT), a-4 (FAULT), and 2 more\n",
  );
});

it("lets no text of another host control the terminal", () => {
  const evil = "\u001b[2J\u202e\nwell";
  const group = { ...groupOn("node-2", "MASTER", "node-2"), name: evil, vips: [evil] };
  const report = statusOn("node-2", "MASTER", "node-2", {
    agent: { version: evil, pid: 1, startedAt: NOW, stateDir: evil },
    instances: [group],
    health: [],
    problems: [{ part: "keepalived", code: undefined, message: evil, hint: evil, since: NOW }],
  });
  const status = statusOn("node-1", "BACKUP", "node-2", { members: [memberOf("node-2", { host: evil })] });
  const text = textOf(status, { "node-2": answering(report) });

  expect(text).toContain("\\u001b[2J");
  expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(text.split("\n")).not.toContain("well");
});

it.each([
  { what: "well", answers: { "node-2": OWNER, "node-3": SPARE }, line: "well main=node-2" },
  {
    what: "with a host that does not answer",
    answers: { "node-2": OWNER, "node-3": SILENT },
    line: "NOT WELL main=node-2 [node-3: not reachable]",
  },
  {
    what: "well here, and whose other hosts cannot be asked",
    answers: { "node-2": CLOSED, "node-3": CLOSED },
    line: "well here main=node-2 [node-2: cannot be asked] [node-3: cannot be asked]",
  },
])("has one line for a cluster that is $what", ({ answers, line }) => {
  const status = statusOn("node-1", "BACKUP", "node-2");

  expect(renderClusterLine(deriveCluster({ status, answers: answersOf(answers), at: NOW }))).toBe(line);
});

it.each([
  { what: "none", instance: groupOn("node-1", "BACKUP") },
  { what: "unknown", instance: { ...groupOn("node-1", "BACKUP"), noOwner: undefined } },
])("says $what in that line of a group without a known owner", ({ what, instance }) => {
  const status = statusOn("node-1", "BACKUP", undefined, { instances: [instance], members: [] });
  const cluster = deriveCluster({ status, answers: new Map(), at: NOW });

  expect(renderClusterLine(cluster)).toContain(` main=${what}`);
});
