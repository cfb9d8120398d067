import { describe, expect, it } from "vitest";
import { deriveDesiredState, deriveHealthPlans } from "../../src/groups/desired-state.ts";
import { listMembers } from "../../src/metadata/members.ts";
import type { Host, Snapshot } from "../../src/metadata/snapshot.ts";
import type { View } from "../../src/metadata/view.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import type { Instance } from "../../src/vrrp/instance.ts";

const NETWORK = {
  interfaces: [
    {
      name: "eth0",
      isLoopback: false,
      addresses: [{ address: "198.51.100.11", prefix: 24, isSecondary: false }],
    },
    {
      name: "eth1",
      isLoopback: false,
      addresses: [{ address: "203.0.113.11", prefix: 24, isSecondary: false }],
    },
  ],
  defaultRoute: { ipv4: "eth0" },
};

function host(number: number, labels: Record<string, string> = {}): Host {
  return {
    uuid: `uuid-${number}`,
    name: `host-${number}`,
    hostname: `host-${number}`,
    agentIp: `198.51.100.${10 + number}`,
    environmentUuid: "env",
    labels,
    agentState: "active",
  };
}

function viewOf(keepalived: unknown, labels: Record<string, string> = {}): View {
  const [self, peer] = [host(1, labels), host(2)] as const;
  const containers = [self, peer].map(({ uuid }, index) => ({
    uuid: `c-${index}`,
    name: `lb-keepalived-${index}`,
    externalId: "",
    state: "running",
    hostUuid: uuid,
    primaryIp: "",
    environmentUuid: "env",
    createIndex: 1,
  }));
  const service = { stackName: "lb", name: "keepalived", metadata: { keepalived }, containers };
  const snapshot: Snapshot = { version: "v", self, hosts: [self, peer], service };
  return { origin: "live", snapshot, members: listMembers(snapshot) };
}

const SETTINGS = parseSettings({});
const WEB = { virtual_ip: "198.51.100.101", vrid: 101 };
const DB = { virtual_ip: ["198.51.100.102", "198.51.100.103"], vrid: "102", priority: 7 };

function want(keepalived: unknown, labels: Record<string, string> = {}, inForce: readonly Instance[] = []) {
  return deriveDesiredState(SETTINGS, viewOf(keepalived, labels), NETWORK, inForce);
}

const byName = (instances: readonly Instance[]) =>
  Object.fromEntries(instances.map((each) => [each.name, each]));

describe("several groups", () => {
  it("have what is theirs, and share what stands beside them", () => {
    const { desired, refused } = want({ advert_interval: 0.5, instances: { web: WEB, db: DB } });

    const { web, db } = byName(desired.instances);
    expect(refused.size).toBe(0);
    expect(web).toMatchObject({ virtualRouterId: 101, advertIntervalSeconds: 0.5, excludedVips: [] });
    expect(db).toMatchObject({ virtualRouterId: 102, priority: 7, advertIntervalSeconds: 0.5 });
    expect(db?.excludedVips).toEqual([{ address: "198.51.100.103", prefix: 32 }]);
    expect(web?.unicast?.peers).toEqual(["198.51.100.12"]);
  });

  it("take labels of their own before shared ones, and those before metadata", () => {
    const labels = {
      "keepalived.priority": "20",
      "keepalived.web.priority": "30",
      "keepalived.web.interface": "eth1",
    };
    const { desired } = want({ instances: { web: WEB, db: DB } }, labels);

    const { web, db } = byName(desired.instances);
    expect([web?.priority, db?.priority]).toEqual([30, 20]);
    expect([web?.interface, db?.interface]).toEqual(["eth1", "eth0"]);
  });

  it("go on as they were where they cannot be as they are set, and never take down another", () => {
    const before = want({ instances: { web: WEB, db: DB } }).desired.instances;

    const { desired, refused } = want(
      { instances: { web: { ...WEB, vrid: "none" }, db: DB, new: { vrid: 9 } } },
      {},
      before,
    );

    expect(desired.instances).toEqual(before);
    expect(Object.fromEntries([...refused].map(([name, { code }]) => [name, code]))).toEqual({
      new: "VIP_MISSING",
      web: "SETTING_REFUSED",
    });
  });

  it("are left out where they were on an interface that is gone", () => {
    const before = want({ instances: { web: { ...WEB, interface: "eth1" }, db: DB } }).desired.instances;
    const gone = before.map((each) => (each.name === "web" ? { ...each, interface: "eth9" } : each));

    const { desired, refused } = want(
      { instances: { web: { ...WEB, interface: "eth9" }, db: DB } },
      {},
      gone,
    );

    expect(desired.instances.map(({ name }) => name)).toEqual(["db"]);
    expect(refused.get("web")?.code).toBe("INTERFACE_UNKNOWN");
  });

  it("do not lose a VIP to another that claims it while they cannot be as they are set", () => {
    const before = want({ instances: { web: WEB, db: DB } }).desired.instances;

    const { desired, refused } = want(
      { instances: { web: { vrid: "none" }, db: { ...DB, virtual_ip: "198.51.100.101" } } },
      {},
      before,
    );

    expect(desired.instances).toEqual(before);
    expect([...refused.keys()].sort()).toEqual(["db", "web"]);
  });

  it("go on where the names of all of them cannot be used", () => {
    expect(want({ instances: { "web site": WEB, "db site": DB } }).blocker?.code).toBe("SETTING_REFUSED");
  });

  it("let go of their VIPs where the others expect this host at another address than it can speak from", () => {
    const before = want({ instances: { web: WEB, db: DB } }).desired.instances;

    const { holds, desired } = want(
      { instances: { web: WEB, db: DB } },
      { "keepalived.web.address": "198.51.100.77" },
      before,
    );

    expect([...holds.keys()]).toEqual(["web"]);
    expect(desired.instances).toEqual(before);
  });

  it("block the whole where none of them can be derived: what runs goes on", () => {
    expect(want({ instances: { web: { vrid: 1 }, db: { vrid: 2 } } }).blocker?.code).toBe("VIP_MISSING");
    expect(want({ instances: { web: WEB, db: { vrid: 2 } } }).blocker).toBeUndefined();
  });
});

describe("checks of several groups", () => {
  it("are those of each", () => {
    const plans = deriveHealthPlans(
      SETTINGS,
      viewOf({ check: { ports: 80 }, instances: { web: WEB, db: { ...DB, check: { ports: "53/udp" } } } }),
      [],
    );

    expect(plans.get("web")?.checks).toMatchObject([
      { questions: [{ port: 80, address: "198.51.100.101" }] },
    ]);
    expect(plans.get("db")?.checks).toMatchObject([{ questions: [{ port: 53, protocol: "udp" }] }]);
  });

  it("are drained by label, one group or all", () => {
    const instances = { web: WEB, db: DB };
    const drained = (labels: Record<string, string>) =>
      [...deriveHealthPlans(SETTINGS, viewOf({ instances }, labels), [])].map(([name, plan]) => [
        name,
        plan.drainedBy !== undefined,
      ]);

    expect(drained({ "keepalived.web.drain": "true" })).toEqual([
      ["db", false],
      ["web", true],
    ]);
    expect(drained({ "keepalived.drain": "true" })).toEqual([
      ["db", true],
      ["web", true],
    ]);
  });

  it("are left as they were where one of them cannot be read: a host must not become healthy by a misprint", () => {
    const plans = deriveHealthPlans(
      SETTINGS,
      viewOf({ instances: { web: { ...WEB, check: { ports: "80x" } }, db: DB } }),
      [],
    );

    expect([...plans.keys()]).toEqual(["db"]);
  });

  it("are kept for a group that keepalived still runs", () => {
    const [web] = want({ instances: { web: WEB } }).desired.instances;

    expect([...deriveHealthPlans(SETTINGS, viewOf({ instances: { db: DB } }), [web!]).keys()]).toEqual([
      "db",
      "web",
    ]);
  });
});
