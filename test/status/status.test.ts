import { describe, expect, it } from "vitest";
import { instanceStatus } from "../../src/keepalived/instance-status.ts";
import type { MemberStatus } from "../../src/metadata/member-status.ts";
import { whyNotReady } from "../../src/status/readiness.ts";
import { isAsOrdered, isWell, type Status } from "../../src/status/status.ts";
import { renderStatus, renderStatusLine } from "../../src/status/text.ts";
import { COLOURED, PLAIN, type Style } from "../../src/text/style.ts";
import { DESIRED, INSTANCE } from "../fixtures/desired.ts";
import { SUSPICION, statusOf } from "../fixtures/status.ts";

const AT = "2026-11-22T14:00:00.000Z";
const instance = instanceStatus(INSTANCE, { name: "MASTER", since: AT });
const WELL = statusOf({});
const NOW = "2026-11-22T14:05:00.000Z";
const VIEW = { style: PLAIN, now: NOW };
const problem = {
  code: "METADATA_UNREACHABLE",
  message: "refused",
  hint: "Check the route.",
  since: AT,
} as const;

it("is well while every group is MASTER or BACKUP", () => {
  expect(isWell(WELL)).toBe(true);
  expect(isWell({ ...WELL, instances: [{ ...instance, state: "BACKUP" }] })).toBe(true);
  expect(isWell({ ...WELL, problems: [{ ...problem, part: "advice" }] })).toBe(true);
  const contradictions = [{ text: "main is MASTER without its VIP", since: AT, isLasting: false }];
  expect(isWell({ ...WELL, contradictions })).toBe(true);
});

it.each<{ why: string; change: Partial<Status> }>([
  { why: "keepalived does not run", change: { keepalived: { isRunning: false, pid: undefined } } },
  { why: "there is no group yet", change: { instances: [] } },
  { why: "a group is in FAULT", change: { instances: [instance, { ...instance, state: "FAULT" }] } },
  {
    why: "the kernel has contradicted keepalived for 5 s",
    change: { contradictions: [{ text: "main is MASTER without its VIP", since: AT, isLasting: true }] },
  },
  { why: "another owner is suspected", change: { splitBrain: [{ ...SUSPICION, since: AT }] } },
  { why: "a problem is open", change: { problems: [{ ...problem, part: "metadata" }] } },
])("is not well while $why", ({ change }) => {
  expect(isWell({ ...WELL, ...change })).toBe(false);
});

it("does not call metadata live that does not answer now", () => {
  const silent: Status = { ...WELL, problems: [{ ...problem, part: "metadata" }] };

  expect(renderStatus(silent, VIEW)).toMatch(/^metadata {6}does not answer now, read 5 min ago/m);
  expect(renderStatus(WELL, VIEW)).toMatch(/^metadata {6}live, read 5 min ago/m);
});

it("is as it was ordered where a drained group is in FAULT, and not where anything else is wrong", () => {
  const health = WELL.health.map((each) => ({
    ...each,
    group: instance.name,
    isDrained: true,
    drainedBy: "command",
  }));
  const drained: Status = { ...WELL, health, instances: [{ ...instance, state: "FAULT" }] };

  expect([isWell(drained), isAsOrdered(drained), isAsOrdered(WELL)]).toEqual([false, true, true]);
  expect(renderStatus(drained, VIEW)).toMatch(/^drained, otherwise well\n/);
  expect(renderStatusLine(drained)).toBe("drained main=FAULT");
  expect(isAsOrdered({ ...drained, problems: [{ ...problem, part: "metadata" }] })).toBe(false);
  expect(isAsOrdered({ ...drained, instances: [{ ...instance, name: "db", state: "FAULT" }] })).toBe(false);
  expect(isAsOrdered({ ...drained, instances: [] })).toBe(false);
});

it("lists the peers of a host that has any", () => {
  const [alone] = DESIRED["alone"]!.instances;

  expect(instance.peers).toEqual(["198.51.100.12", "198.51.100.13"]);
  expect(instanceStatus(alone!, { name: "MASTER", since: AT }).peers).toEqual([]);
  expect(instanceStatus({ ...INSTANCE, unicast: undefined }, { name: "BACKUP", since: AT })).toMatchObject({
    source: undefined,
    peers: [],
  });
});

it("is short text when all is well", () => {
  expect(renderStatus(WELL, VIEW)).toMatchInlineSnapshot(`
    "well

    main: MASTER for 5 min (since 2026-11-22T14:00:00.000Z)
      VIPs      198.51.100.50/32 on eth0
      VRRP      VRID 50, priority 240
      unicast   from 198.51.100.11
      peers     198.51.100.12
                198.51.100.13
      health    nothing is checked

    host          node-1 (e3d3bd2b)
    service       lb/keepalived
    metadata      live, read 5 min ago (14:00:00), version v1
    keepalived    running, pid 8
    VIP lease     1 s, renewed
    owner probe   0.05 s, no owner to ask
    configuration applied 5 min ago (14:00:00) (1 since the agent started)
    gate          on
    last event    main became MASTER, 5 min ago (14:00:00)
    "
  `);
});

it("shows what is wrong, with the next step", () => {
  const text = renderStatus(
    {
      ...WELL,
      host: undefined,
      service: undefined,
      metadata: { source: "none", version: undefined, readAt: undefined },
      keepalived: { isRunning: false, pid: undefined },
      configuration: {
        appliedAt: undefined,
        appliedCount: 0,
        rejected: "/run/rancher-keepalived/rejected.conf",
        lastReload: undefined,
      },
      instances: [{ ...instance, source: undefined, peers: [] }],
      lastEvent: undefined,
      health: [
        {
          group: "main",
          isHealthy: false,
          isDrained: false,
          drainedBy: undefined,
          heldBy: undefined,
          checks: [
            { name: "ports", verdict: "unhealthy", reason: "port-not-published", since: AT, onset: AT },
          ],
        },
        {
          group: "web",
          isHealthy: true,
          isDrained: false,
          drainedBy: undefined,
          heldBy: "its owner comes first",
          checks: [],
        },
      ],
      problems: [
        { ...problem, part: "metadata" },
        { part: "advice", code: undefined, message: "a sentence\nand one more", hint: undefined, since: AT },
      ],
    },
    VIEW,
  );

  expect(text).toMatchInlineSnapshot(`
    "NOT WELL
    METADATA_UNREACHABLE: refused (for 5 min)
      -> Check the route.
    advice: a sentence (for 5 min)
      and one more

    main: MASTER for 5 min (since 2026-11-22T14:00:00.000Z)
      VIPs      198.51.100.50/32 on eth0
      VRRP      VRID 50, priority 240
      multicast
      health    unhealthy
        ports   unhealthy for 5 min: port-not-published
          -> Look in Rancher whether the service that publishes the port has a running container on this host.

    web: not active
      health    held back: its owner comes first

    host          not known yet
    metadata      none
    keepalived    not running
    VIP lease     1 s, renewed
    owner probe   0.05 s, no owner to ask
    rejected      /run/rancher-keepalived/rejected.conf
    gate          on
    "
  `);
});

it("shows the presence of peers, the source of the priority, what is drained and the last reload", () => {
  const peer = (number: number, presence: MemberStatus["presence"]): MemberStatus => ({
    host: `node-${number}`,
    uuid: `u${number}`,
    addresses: [`198.51.100.1${number}`],
    presence,
  });
  const text = renderStatus(
    {
      ...WELL,
      members: [peer(2, "running"), peer(3, "missing")],
      instances: [instanceStatus(INSTANCE, { name: "FAULT", since: AT }, "keepalived.priority (host label)")],
      drain: { groups: { main: AT } },
      health: [{ ...WELL.health[0]!, isHealthy: false, isDrained: true, drainedBy: "command" }],
      configuration: {
        ...WELL.configuration,
        lastReload: { at: AT, outcome: "refused", durationMs: undefined, reason: "CONF_REJECTED: a keyword" },
      },
      contradictions: [{ text: "main is FAULT with 198.51.100.50 on eth0", since: AT, isLasting: true }],
    },
    VIEW,
  );

  expect(text).toMatchInlineSnapshot(`
    "NOT WELL
    contradiction main is FAULT with 198.51.100.50 on eth0, for 5 min

    main: FAULT for 5 min (since 2026-11-22T14:00:00.000Z)
      VIPs      198.51.100.50/32 (eth0)
      VRRP      VRID 50, priority 240, keepalived.priority (host label)
      owner     not known: this host hears no adverts
      unicast   from 198.51.100.11
      peers     198.51.100.12 node-2, metadata: its container runs
                198.51.100.13 node-3, metadata: no running container
      health    drained by command

    host          node-1 (e3d3bd2b)
    service       lb/keepalived
    metadata      live, read 5 min ago (14:00:00), version v1
    keepalived    running, pid 8
    VIP lease     1 s, renewed
    owner probe   0.05 s, no owner to ask
    configuration applied 5 min ago (14:00:00) (1 since the agent started)
    last reload   refused, 5 min ago (14:00:00): CONF_REJECTED: a keyword
    drained       by command: main since 2026-11-22T14:00:00.000Z
    gate          on
    last event    main became MASTER, 5 min ago (14:00:00)
    "
  `);
});

describe("while another owner is suspected", () => {
  const suspected = (change: Partial<Status["splitBrain"][number]>): Status => ({
    ...WELL,
    splitBrain: [{ ...SUSPICION, ...change, since: AT }],
  });

  it.each([
    { cause: "unheard", first: "NOT WELL: another host may own the VIPs of main" },
    { cause: "foreign-router", first: "NOT WELL: another router uses the VRID of main" },
  ] as const)("the first line says so, and $cause has its hint", ({ cause, first }) => {
    const [line, seen, hint] = renderStatus(suspected({ cause, hint: "Do this." }), VIEW).split("\n");

    expect(line).toBe(first);
    expect(seen).toMatch(`split brain   main: ${cause}: 198.51.100.99`);
    expect(hint).toBe("  -> Do this.");
  });

  it("two hosts that are owners together are said once", () => {
    const both = ["198.51.100.12", "198.51.100.13"].map((address) => {
      return { ...SUSPICION, cause: "two-owners" as const, address, since: AT };
    });

    expect(renderStatus({ ...WELL, splitBrain: both }, VIEW).match(/two-owners/g)).toHaveLength(1);
    expect(renderStatusLine({ ...WELL, splitBrain: both }).match(/two-owners/g)).toHaveLength(1);
    expect(whyNotReady({ ...WELL, splitBrain: both })).toHaveLength(1);
  });

  it("no state is shown as good", () => {
    const style: Style = (tone, text) => `<${tone}>${text}`;

    expect(renderStatus(suspected({}), { style, now: NOW })).not.toMatch(/<good>(well|MASTER)/);
    expect(renderStatus(WELL, { style, now: NOW })).toMatch(/^<good>well\n(.*\n)*main: <good>MASTER/);
  });

  it("values from outside cannot control the terminal", () => {
    const text = renderStatus(suspected({ group: "\u001b[2J", text: "\u202e" }), VIEW);

    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

it("is the same text with colours, and values from outside cannot control the terminal", () => {
  const evil = { ...WELL, host: { uuid: "\u001b[2J", name: "\u001b]0;x\u0007\u202e" } };
  const coloured = renderStatus(evil, { style: COLOURED, now: NOW });
  const plain = coloured.split(/\p{Cc}\[\d+m/u).join("");

  expect(coloured).not.toBe(plain);
  expect(plain).toBe(renderStatus(evil, VIEW));
  expect(plain.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

it("says why no owner is asked by multicast", () => {
  const ownerProbe = { ...WELL.ownerProbe, multicastProblem: "nft: no such file" };
  expect(renderStatus({ ...WELL, ownerProbe }, VIEW)).toContain(
    "0.05 s, no owner to ask; not by multicast over IPv4: nft: no such file\n",
  );
});

it("is one line for a log", () => {
  expect(renderStatusLine(WELL)).toBe("well main=MASTER");
  const troubled: Status = { ...WELL, problems: [{ ...problem, part: "metadata" }] };
  expect(renderStatusLine(troubled)).toBe("NOT WELL main=MASTER [METADATA_UNREACHABLE]");
});
