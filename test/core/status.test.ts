import { expect, it } from "vitest";
import { instanceStatus, isAsItShould, type Status } from "../../src/core/status.ts";
import { statusText } from "../../src/core/status-text.ts";
import { DESIRED, INSTANCE } from "../fixtures/desired.ts";
import { statusOf } from "../fixtures/status.ts";

const AT = "2026-11-22T14:00:00.000Z";
const instance = instanceStatus(INSTANCE, { name: "MASTER", since: AT });
const WELL = statusOf({});
const problem = {
  code: "METADATA_UNREACHABLE",
  message: "refused",
  hint: "Check the route.",
  since: AT,
} as const;

it("is as it should be while every group owns or backs up its VIPs", () => {
  expect(isAsItShould(WELL)).toBe(true);
  expect(isAsItShould({ ...WELL, instances: [{ ...instance, state: "BACKUP" }] })).toBe(true);
  expect(isAsItShould({ ...WELL, problems: [{ ...problem, part: "advice" }] })).toBe(true);
  const contradictions = [{ text: "main is MASTER without its VIP", since: AT, isLasting: false }];
  expect(isAsItShould({ ...WELL, contradictions })).toBe(true);
});

it.each<{ why: string; change: Partial<Status> }>([
  { why: "keepalived does not run", change: { keepalived: { isRunning: false, pid: undefined } } },
  { why: "there is no group yet", change: { instances: [] } },
  { why: "a group is in FAULT", change: { instances: [instance, { ...instance, state: "FAULT" }] } },
  {
    why: "the kernel has contradicted keepalived for 5 s",
    change: { contradictions: [{ text: "main is MASTER without its VIP", since: AT, isLasting: true }] },
  },
  { why: "a problem is open", change: { problems: [{ ...problem, part: "metadata" }] } },
])("is not as it should be while $why", ({ change }) => {
  expect(isAsItShould({ ...WELL, ...change })).toBe(false);
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

it("reads well in a terminal when all is well", () => {
  expect(statusText(WELL)).toMatchInlineSnapshot(`
    "well
    host          node-1 (e3d3bd2b)
    service       lb/keepalived
    metadata      live, read 2026-11-22T14:00:00.000Z
    keepalived    running, pid 8
    configuration applied 2026-11-22T14:00:00.000Z
    last event    2026-11-22T14:00:00.000Z main became MASTER

    main: MASTER since 2026-11-22T14:00:00.000Z
      VIPs      198.51.100.50/32 on eth0
      VRRP      VRID 50, priority 240
      unicast   198.51.100.11 -> 198.51.100.12, 198.51.100.13
      health    nothing is checked
    "
  `);
});

it("shows what is wrong, with the next step", () => {
  const text = statusText({
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
        checks: [{ name: "ports", verdict: "unhealthy", reason: "port-not-published", since: AT, onset: AT }],
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
      { part: "advice", code: undefined, message: "a sentence", hint: undefined, since: AT },
    ],
  });

  expect(text).toMatchInlineSnapshot(`
    "NOT WELL
    host          not known yet
    metadata      none
    keepalived    not running
    rejected      /run/rancher-keepalived/rejected.conf

    main: MASTER since 2026-11-22T14:00:00.000Z
      VIPs      198.51.100.50/32 on eth0
      VRRP      VRID 50, priority 240
      multicast
      health    unhealthy
        ports   unhealthy since 2026-11-22T14:00:00.000Z: port-not-published

    web: not in force
      health    held back: its owner comes first

    METADATA_UNREACHABLE: refused (since 2026-11-22T14:00:00.000Z)
      -> Check the route.

    advice: a sentence (since 2026-11-22T14:00:00.000Z)
    "
  `);
});
