import { describe, expect, it } from "vitest";
import { deriveDesiredState } from "../../src/groups/desired-state.ts";
import { resolveGroups } from "../../src/groups/resolved-groups.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { DB, NETWORK, viewOf, WEB } from "../fixtures/groups.ts";

const SETTINGS = parseSettings({});

function derive(keepalived: unknown, labels: Record<string, string> = {}, inForce: readonly Instance[] = []) {
  const view = viewOf(keepalived, labels);
  const groups = resolveGroups(SETTINGS, view.snapshot, inForce);
  return deriveDesiredState({ groups, view, network: NETWORK, inForce });
}

const byName = (instances: readonly Instance[]) =>
  Object.fromEntries(instances.map((each) => [each.name, each]));

describe("several groups", () => {
  it("have their own settings, and share those outside the groups", () => {
    const { desired, refusals } = derive({ advert_interval: 0.5, instances: { web: WEB, db: DB } });

    const { web, db } = byName(desired.instances);
    expect(refusals.size).toBe(0);
    expect(web).toMatchObject({ virtualRouterId: 101, advertIntervalSeconds: 0.5, excludedVips: [] });
    expect(db).toMatchObject({ virtualRouterId: 102, priority: 7, advertIntervalSeconds: 0.5 });
    expect(db?.excludedVips).toEqual([{ address: "198.51.100.103", prefix: 32 }]);
    expect(web?.unicast?.peers).toEqual(["198.51.100.12"]);
  });

  it("prefer their own labels to shared ones, and labels to metadata", () => {
    const labels = {
      "keepalived.priority": "20",
      "keepalived.web.priority": "30",
      "keepalived.web.interface": "eth1",
    };
    const { desired } = derive({ instances: { web: WEB, db: DB } }, labels);

    const { web, db } = byName(desired.instances);
    expect([web?.priority, db?.priority]).toEqual([30, 20]);
    expect([web?.interface, db?.interface]).toEqual(["eth1", "eth0"]);
  });

  it("stay as they were where their settings cannot be used, and never stop another group", () => {
    const before = derive({ instances: { web: WEB, db: DB } }).desired.instances;

    const { desired, refusals } = derive(
      { instances: { web: { ...WEB, vrid: "none" }, db: DB, new: { vrid: 9 } } },
      {},
      before,
    );

    expect(desired.instances).toEqual(before);
    expect(Object.fromEntries([...refusals].map(([name, { code }]) => [name, code]))).toEqual({
      new: "VIP_MISSING",
      web: "SETTING_REFUSED",
    });
  });

  it("name every bad key at once, and none that is corrected", () => {
    const bad = { vrid: 300, virtul_ip: "198.51.100.101", preempt: "maybe" };
    const first = derive(bad);
    expect(first.failure?.message).toMatch(
      /^keepalived\.vrid="300".*\nkeepalived\.preempt="maybe".*\n.*virtul_ip/,
    );
    expect(first.advice).toEqual([]);

    const second = derive({ vrid: 300 });
    expect(second.failure?.message).toMatch(/^keepalived\.vrid="300" \(service metadata\): must be 1-255$/);
    expect(second.advice).toEqual([]);
  });

  it("are left out where their interface is gone", () => {
    const before = derive({ instances: { web: { ...WEB, interface: "eth1" }, db: DB } }).desired.instances;
    const gone = before.map((each) => (each.name === "web" ? { ...each, interface: "eth9" } : each));

    const { desired, refusals } = derive(
      { instances: { web: { ...WEB, interface: "eth9" }, db: DB } },
      {},
      gone,
    );

    expect(desired.instances.map(({ name }) => name)).toEqual(["db"]);
    expect(refusals.get("web")?.code).toBe("INTERFACE_UNKNOWN");
  });

  it("keep a VIP that another group claims while their settings cannot be used", () => {
    const before = derive({ instances: { web: WEB, db: DB } }).desired.instances;

    const { desired, refusals } = derive(
      { instances: { web: { vrid: "none" }, db: { ...DB, virtual_ip: "198.51.100.101" } } },
      {},
      before,
    );

    expect(desired.instances).toEqual(before);
    expect([...refusals.keys()].sort()).toEqual(["db", "web"]);
  });

  it("fail as a whole where no group name can be used", () => {
    expect(derive({ instances: { "web site": WEB, "db site": DB } }).failure?.code).toBe("SETTING_REFUSED");
  });

  it("may not own their VIPs where the other hosts expect this host at an address that it cannot send from", () => {
    const before = derive({ instances: { web: WEB, db: DB } }).desired.instances;

    const { barred, desired } = derive(
      { instances: { web: WEB, db: DB } },
      { "keepalived.web.address": "198.51.100.77" },
      before,
    );

    expect([...barred.keys()]).toEqual(["web"]);
    expect(desired.instances).toEqual(before);
  });

  it("fail as a whole where none of them can be derived, so keepalived runs on unchanged", () => {
    expect(derive({ instances: { web: { vrid: 1 }, db: { vrid: 2 } } }).failure?.code).toBe("VIP_MISSING");
    expect(derive({ instances: { web: WEB, db: { vrid: 2 } } }).failure).toBeUndefined();
  });
});
