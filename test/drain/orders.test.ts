import { describe, expect, it } from "vitest";
import { drainRefusal } from "../../src/cli/drain-refusal.ts";
import {
  addOrder,
  type DrainOrders,
  drainOrdersOf,
  isDrainOrdered,
  NO_DRAIN,
  withdrawOrder,
} from "../../src/drain/orders.ts";
import { instanceStatus } from "../../src/keepalived/instance-status.ts";
import type { MemberStatus } from "../../src/metadata/member-status.ts";
import type { Status } from "../../src/status/status.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { statusOf } from "../fixtures/status.ts";

const AT = "2026-11-22T14:00:00.000Z";
const LATER = "2026-11-22T15:00:00.000Z";

describe("orders", () => {
  it("are kept group by group, each since it was first given", () => {
    const web = addOrder(NO_DRAIN, "web", AT);
    const both = addOrder(addOrder(web, "mail", LATER), "web", LATER);

    expect(both.groups).toEqual({ web: AT, mail: LATER });
    expect(isDrainOrdered(both, "web")).toBe(true);
    expect(isDrainOrdered(both, "db")).toBe(false);
    expect(withdrawOrder(both, "web").groups).toEqual({ mail: LATER });
  });

  it("of a whole host are about every group, and withdrawing them withdraws all", () => {
    const all = addOrder(addOrder(NO_DRAIN, "web", AT), undefined, LATER);

    expect(isDrainOrdered(all, "one that begins later")).toBe(true);
    expect(withdrawOrder(all, undefined)).toEqual(NO_DRAIN);
  });

  it.each<DrainOrders>([NO_DRAIN, { all: AT, groups: {} }, { groups: { web: AT, toString: LATER } }])(
    "read back as they were written: %j",
    (orders) => {
      expect(drainOrdersOf(JSON.stringify(orders))).toEqual(orders);
    },
  );

  it.each(["", "{", "null", "[]", '{"groups":{"web":1}}', '{"groups":{},"all":true}', '{"groups":{},"x":1}'])(
    "are refused where they are malformed: %s",
    (text) => {
      expect(drainOrdersOf(text)).toBeUndefined();
    },
  );
});

describe("a drain", () => {
  const peer: MemberStatus = {
    host: "node-2",
    uuid: "u2",
    addresses: ["198.51.100.12"],
    presence: "running",
  };
  const inState = (state: string, change: Partial<Status> = {}) =>
    statusOf({
      instances: [instanceStatus(INSTANCE, { name: state, since: AT })],
      members: [peer],
      ...change,
    });
  const remembered = { source: "last-good", version: "v1", readAt: undefined } as const;

  it.each<{ why: string; status: Status }>([
    { why: "a peer of the owner runs", status: inState("MASTER") },
    { why: "a backup hears an owner, whatever metadata says", status: inState("BACKUP", { members: [] }) },
    { why: "the host owns nothing anyway", status: inState("FAULT", { members: [] }) },
  ])("is fine where $why", ({ status }) => {
    expect(drainRefusal(status, undefined)).toBeUndefined();
  });

  it.each<{ why: string; status: Status; objection: string }>([
    {
      why: "the owner is alone",
      status: inState("MASTER", { members: [] }),
      objection: "no other host of main runs by metadata",
    },
    {
      why: "its only peer is disconnected",
      status: inState("MASTER", { members: [{ ...peer, presence: "disconnected" }] }),
      objection: "no other host of main runs by metadata",
    },
    {
      why: "the other host is no peer of the group",
      status: inState("MASTER", { members: [{ ...peer, addresses: ["198.51.100.99"] }] }),
      objection: "no other host of main runs by metadata",
    },
    {
      why: "metadata is only remembered",
      status: inState("MASTER", { metadata: remembered }),
      objection: "without live metadata nothing is known of the other hosts of main",
    },
  ])("is objected to where $why", ({ status, objection }) => {
    expect(drainRefusal(status, undefined)).toBe(objection);
  });

  it("is judged by its group alone", () => {
    const other = { ...INSTANCE, name: "web" };
    const status = inState("MASTER", {
      members: [],
      instances: [
        instanceStatus(INSTANCE, { name: "MASTER", since: AT }),
        instanceStatus(other, { name: "BACKUP", since: AT }),
      ],
    });

    expect(drainRefusal(status, "web")).toBeUndefined();
    expect(drainRefusal(status, "main")).toContain("main");
  });
});
