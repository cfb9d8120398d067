/** What the page says, derived without a browser: when it may be green, and whose word counts. */
import { describe, expect, it } from "vitest";
import type { Cluster, ClusterMember } from "../../src/cluster/cluster.ts";
import { deriveCluster } from "../../src/cluster/derive.ts";
import type { MemberAnswer } from "../../src/cluster/members.ts";
import type { MemberStatus } from "../../src/metadata/member-status.ts";
import { PRESENCE_TEXT } from "../../src/metadata/presence-text.ts";
import type { Status } from "../../src/status/status.ts";
import { PRESENCES } from "../../templates/page/own-cluster.js";
import { compareNaturally, viewOf } from "../../templates/page/view.js";
import { SUSPICION, statusOf } from "../fixtures/status.ts";
import { minutesAgo, ownerFor, statusOfHost } from "./scene.ts";

const MEMBERS: readonly MemberStatus[] = [2, 3].map((number) => ({
  host: `node-${number}`,
  uuid: `u${number}`,
  addresses: [`198.51.100.1${number}`],
  presence: "running",
  url: `http://198.51.100.1${number}:9650`,
}));
const OWN: Status = statusOf({ ...statusOfHost(1), members: MEMBERS });
const SILENT: MemberAnswer = { reach: "not-reachable", why: "nothing listens there", isClosed: true };
const HANGING: MemberAnswer = { reach: "not-reachable", why: "no complete answer within 1 s" };

const answerOf = (number: number): MemberAnswer => {
  return { reach: "answers", report: statusOf(statusOfHost(number)), asOf: minutesAgo(0) };
};

function clusterOf(status: Status, second: MemberAnswer, third: MemberAnswer): Cluster {
  const answers = new Map([
    ["u2", second],
    ["u3", third],
  ]);
  const cluster = deriveCluster({ status, answers, at: minutesAgo(0) });
  // as it comes over HTTP: what is undefined is absent
  return JSON.parse(JSON.stringify(cluster));
}

/** node-3 without what fails there. */
function wellThird(): MemberAnswer {
  const third = statusOf(statusOfHost(3));
  const instances = third.instances.map((one) => ({ ...one, state: "BACKUP" }));
  return { reach: "answers", report: { ...third, instances, health: OWN.health }, asOf: minutesAgo(0) };
}

const ALL = clusterOf(OWN, answerOf(2), answerOf(3));
const WELL = clusterOf(OWN, answerOf(2), wellThird());
const view = (cluster: Cluster | undefined, status = OWN, phase = "live") =>
  viewOf({ status: JSON.parse(JSON.stringify(status)), cluster, phase });
const groupOf = (name: string, of: ReturnType<typeof view>) =>
  of.groups.find((group: { name: string }) => group.name === name);

it("a group that only another host tells of is named in the row of that host alone", () => {
  const second = answerOf(2);
  if (second.reach !== "answers") throw new Error("it answers");
  const [group] = second.report.instances;
  const instances = [...second.report.instances, { ...group!, name: "a-ghost" }];
  const shown = view(clusterOf(OWN, { ...second, report: { ...second.report, instances } }, wellThird()));

  expect(groupOf("a-ghost", shown)).toBeUndefined();
  expect(shown.hosts.map(({ notes }: { notes: string[] }) => notes)).toEqual([
    [],
    ["tells of 1 group that this host does not have"],
    [],
  ]);
});

describe("the page is green", () => {
  it("only when all hosts answer and are well", () => {
    expect(view(WELL).overall).toEqual({ tone: "good", text: "well" });
  });

  it.each<{ why: string; overall: object; cluster: Cluster | undefined; status?: Status; phase?: string }>([
    {
      why: "the agent is lost",
      cluster: WELL,
      phase: "lost",
      overall: { tone: "unknown", text: "not known" },
    },
    {
      why: "it was never heard",
      cluster: WELL,
      phase: "connecting",
      overall: { tone: "unknown", text: "not known" },
    },
    { why: "another host is not well", cluster: ALL, overall: { tone: "warn", text: "1 host to look at" } },
    { why: "the others were not asked", cluster: undefined, overall: { tone: "calm", text: "well here" } },
    {
      why: "one host does not answer",
      cluster: clusterOf(OWN, answerOf(2), SILENT),
      overall: { tone: "warn", text: "1 host to look at" },
    },
    {
      why: "keepalived does not run here",
      cluster: WELL,
      status: { ...OWN, keepalived: { isRunning: false, pid: undefined } },
      overall: { tone: "bad", text: "not well" },
    },
    {
      why: "a split brain is suspected",
      cluster: WELL,
      status: { ...OWN, splitBrain: [{ ...SUSPICION, group: "web", since: minutesAgo(1) }] },
      overall: { tone: "bad", text: "split brain suspected" },
    },
  ])("never when $why", ({ cluster, status, phase, overall }) => {
    expect(view(cluster, status, phase).overall).toEqual(overall);
  });
});

describe("nothing is shown as current of an agent that is lost", () => {
  const lost = view(ALL, OWN, "lost");

  it("but names and links", () => {
    expect(lost.title).toBe("? node-1: not known");
    expect(lost.problems).toEqual([]);
    expect(lost.notice).toBeUndefined();
    for (const group of lost.groups) {
      expect(group).toMatchObject({ tone: "unknown", trouble: undefined, since: undefined, spares: [] });
    }
    for (const host of lost.hosts) {
      expect(host).toMatchObject({ tone: "unknown", state: "not known", notes: [], owned: undefined });
    }
    expect(lost.hosts[1].url).toBe("http://198.51.100.12:9650");
  });
});

describe("where no other host answers", () => {
  const alone = view(clusterOf(OWN, SILENT, SILENT));

  it("that is said once, and no group is in trouble for it", () => {
    expect(alone.notice).toMatchObject({ count: 2, why: "nothing listens there" });
    expect(alone.groups.map(({ tone }: { tone: string }) => tone)).toEqual(["calm", "good"]);
    expect(alone.overall).toEqual({ tone: "calm", text: "well here" });
    expect(groupOf("web", alone).spares).toEqual([{ host: "node-2" }, { host: "node-3" }]);
  });

  it("a host that Rancher misses is named with the group", () => {
    const members = MEMBERS.map((member) => ({ ...member, presence: "missing" as const }));
    const missing = view(clusterOf({ ...OWN, members }, SILENT, SILENT), { ...OWN, members });

    expect(groupOf("web", missing)).toMatchObject({ tone: "warn", trouble: "no other host can take over" });
  });
});

describe("where all other hosts hang", () => {
  const cutOff = view(clusterOf(OWN, HANGING, HANGING));

  it("nothing is green, and nobody is told to open a port", () => {
    expect(cutOff.overall).toEqual({ tone: "warn", text: "2 hosts to look at" });
    expect(cutOff.groups.map(({ tone }: { tone: string }) => tone)).toEqual(["warn", "calm"]);
    expect(cutOff.notice).toBeUndefined();
  });
});

describe("a drain that was ordered", () => {
  const isDrained = { isDrained: true, drainedBy: "command" } as const;
  const drainedOf = (status: Status): Status => ({
    ...status,
    instances: status.instances.map((one) => ({ ...one, state: "FAULT" })),
    health: status.health.map((one) => ({ ...one, ...isDrained })),
  });
  const hostOf = (name: string, of: ReturnType<typeof view>) =>
    of.hosts.find(({ host }: { host: string }) => host === name);

  it("is no fault of this host", () => {
    const own = drainedOf(OWN);

    const shown = view(clusterOf(own, answerOf(2), wellThird()), own);

    expect(hostOf("node-1", shown)).toMatchObject({ tone: "warn", state: "drained" });
    expect(shown.overall.tone).not.toBe("good");
  });

  it("is no fault of another host, unless it has one besides", () => {
    const second = drainedOf(statusOf(statusOfHost(2)));
    const answer = { reach: "answers", report: second, asOf: minutesAgo(0) } as const;
    const problem = {
      part: "gate",
      code: undefined,
      message: "",
      hint: undefined,
      since: minutesAgo(1),
    } as const;

    const shown = view(clusterOf(OWN, answer, wellThird()));
    const faulty = view(
      clusterOf(OWN, { ...answer, report: { ...second, problems: [problem] } }, wellThird()),
    );

    expect(hostOf("node-2", shown)).toMatchObject({ tone: "warn", state: "drained" });
    expect(hostOf("node-2", faulty)).toMatchObject({ tone: "bad", state: "not well" });
  });
});

describe("this host's own news", () => {
  it("count before the answer of /cluster that is older", () => {
    const [web, db] = OWN.instances;
    const news = { ...OWN, instances: [web!, { ...db!, state: "MASTER", owner: ownerFor(1, 1, 0) }] };

    expect(groupOf("db", view(ALL)).owner.name).toBe("node-2");
    expect(groupOf("db", view(ALL, news)).owner).toMatchObject({ name: "node-1", isSelf: true });
    expect(groupOf("db", view(ALL, news)).spares).not.toContainEqual(
      expect.objectContaining({ host: "node-1" }),
    );
  });

  it("have a group without an owner first", () => {
    const [web, db] = OWN.instances;
    const noOwner = { since: minutesAgo(1), text: "none heard since 14:00:00 UTC" };
    const news = { ...OWN, instances: [{ ...web!, state: "BACKUP", owner: undefined, noOwner }, db!] };
    const [first] = view(ALL, news).groups;

    expect(first).toMatchObject({
      name: "web",
      tone: "bad",
      trouble: "no owner: none heard since 14:00:00 UTC",
    });
    expect(view(ALL, news).title).toBe("! node-1: 1 group in trouble, owns 0 of 2");
  });
});

it("has the same problem of several hosts once", () => {
  const problem = {
    part: "metadata",
    code: "METADATA_UNREACHABLE",
    message: "refused",
    since: minutesAgo(1),
  };
  const members = ALL.members.map((member): ClusterMember => {
    return { ...member, problems: [{ ...problem, hint: undefined }] };
  });
  const status = { ...OWN, problems: [{ ...problem, part: "metadata" as const, hint: undefined }] } as Status;

  expect(view({ ...ALL, members }, status).problems).toMatchObject([
    { code: "METADATA_UNREACHABLE", hosts: ["node-1", "node-2", "node-3"] },
  ]);
});

it("sorts web-2 before web-11", () => {
  expect(["web-11", "db", "web-2"].toSorted(compareNaturally)).toEqual(["db", "web-2", "web-11"]);
});

it("says of a host that metadata misses what `status` says", () => {
  const texts = Object.entries(PRESENCE_TEXT).map(([presence, text]) => [
    presence,
    text.replace("metadata: ", ""),
  ]);

  expect(PRESENCES).toEqual(Object.fromEntries(texts));
});
