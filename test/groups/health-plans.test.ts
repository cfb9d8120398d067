import { describe, expect, it } from "vitest";
import { deriveHealthPlans } from "../../src/groups/health-plans.ts";
import { resolveGroups } from "../../src/groups/resolved-groups.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { DB, viewOf, WEB } from "../fixtures/groups.ts";

function plansOf(
  keepalived: unknown,
  labels: Record<string, string> = {},
  inForce: readonly Instance[] = [],
) {
  const { snapshot } = viewOf(keepalived, labels);
  return deriveHealthPlans(resolveGroups(parseSettings({}), snapshot, inForce), undefined, inForce);
}

describe("checks of several groups", () => {
  it("differ for each group", () => {
    const plans = plansOf({
      check: { ports: 80 },
      instances: { web: WEB, db: { ...DB, check: { ports: "53/udp" } } },
    });

    const portsOf = (group: string) => plans.get(group)?.checks.find(({ kind }) => kind === "ports");
    expect(portsOf("web")).toMatchObject({ questions: [{ port: 80, address: "198.51.100.101" }] });
    expect(portsOf("db")).toMatchObject({ questions: [{ port: 53, protocol: "udp" }] });
  });

  it("are drained by label, one group or all", () => {
    const instances = { web: WEB, db: DB };
    const drained = (labels: Record<string, string>) =>
      [...plansOf({ instances }, labels)].map(([name, plan]) => [name, plan.drainedBy !== undefined]);

    expect(drained({ "keepalived.web.drain": "true" })).toEqual([
      ["db", false],
      ["web", true],
    ]);
    expect(drained({ "keepalived.drain": "true" })).toEqual([
      ["db", true],
      ["web", true],
    ]);
  });

  it("stay as they were where one of them cannot be read: a typing error must not make a host healthy", () => {
    const plans = plansOf({ instances: { web: { ...WEB, check: { ports: "80x" } }, db: DB } });

    expect([...plans.keys()]).toEqual(["db"]);
  });

  it("are kept for a group that keepalived still runs", () => {
    const web = { ...INSTANCE, name: "web" };

    expect([...plansOf({ instances: { db: DB } }, {}, [web]).keys()]).toEqual(["db", "web"]);
  });
});
