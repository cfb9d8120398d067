import { expect, it } from "vitest";
import { deriveDesiredState } from "../../src/groups/desired-state.ts";
import { deriveHealthPlans } from "../../src/groups/health-plans.ts";
import { resolveGroups } from "../../src/groups/resolved-groups.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { DB, NETWORK, viewOf, WEB } from "../fixtures/groups.ts";

const SETTINGS = parseSettings({});

it("resolves the groups that metadata names, and those that keepalived still runs", () => {
  const { snapshot } = viewOf({ instances: { web: WEB, db: DB, "a b": {} } });
  const inForce = ["web", "old"].map((name) => ({ ...INSTANCE, name }));

  const { named, ending, nameProblems } = resolveGroups(SETTINGS, snapshot, inForce);

  expect([...named.keys()]).toEqual(["db", "web"]);
  expect(named.get("web")?.group.vrid?.value).toBe(101);
  expect([...ending.keys()]).toEqual(["old"]);
  expect(nameProblems.map(({ value }) => value)).toEqual(["a b"]);
});

it("reads the labels once for each group in a pass, for its checks and its instance", () => {
  const view = viewOf({ instances: { web: WEB, db: DB } }, { "keepalived.check.ports": "80" });
  const { self } = view.snapshot;
  let reads = 0;
  const counted = {
    ...self,
    get labels() {
      reads += 1;
      return self.labels;
    },
  };
  const snapshot = { ...view.snapshot, self: counted };

  const groups = resolveGroups(SETTINGS, snapshot, []);
  const plans = deriveHealthPlans(groups, undefined, []);
  const { desired } = deriveDesiredState({
    groups,
    view: { ...view, snapshot },
    network: NETWORK,
    inForce: [],
  });

  expect([...plans.keys()]).toEqual(["db", "web"]);
  expect(desired.instances.map(({ name }) => name)).toEqual(["db", "web"]);
  expect(reads).toBe(2);
});

it("gives checks and instances of one pass the same settings, even where metadata changes meanwhile", () => {
  const before = viewOf({ check: { ports: 80 }, instances: { web: WEB } });
  const now = viewOf({ check: { ports: 81 }, instances: { web: { ...WEB, vrid: 9 } } });

  const groups = resolveGroups(SETTINGS, before.snapshot, []);

  expect(deriveHealthPlans(groups, undefined, []).get("web")?.checks).toMatchObject([
    { kind: "ports", questions: [{ port: 80 }] },
    { kind: "target", questions: [{ port: 80 }] },
  ]);
  expect(
    deriveDesiredState({ groups, view: now, network: NETWORK, inForce: [] }).desired.instances,
  ).toMatchObject([{ name: "web", virtualRouterId: 101 }]);
});
