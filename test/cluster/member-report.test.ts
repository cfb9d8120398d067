import { describe, expect, it } from "vitest";
import { parseMemberReport } from "../../src/cluster/member-report.ts";
import { statusOn } from "../fixtures/cluster.ts";
import { IN_TROUBLE, WELL } from "../fixtures/status.ts";

/** As it comes over HTTP. */
function sent(document: unknown): unknown {
  return parseMemberReport(JSON.parse(JSON.stringify(document)));
}

describe("a member's status", () => {
  it.each([
    ["well", WELL],
    ["in trouble", IN_TROUBLE],
    ["a backup's", statusOn("node-2", "BACKUP", "node-3")],
  ])("is taken: %s", (_, status) => {
    const { instances, health, problems } = status;

    expect(sent(status)).toMatchObject({
      instances: instances.map(({ name, state, priority }) => ({ name, state, priority })),
      health: health.map(({ group, isHealthy }) => ({ group, isHealthy })),
      problems: problems.map(({ part, message }) => ({ part, message })),
    });
  });

  it("is taken from an agent without owners, and with fields of a later one", () => {
    const [instance] = WELL.instances;
    const older = { ...WELL, instances: [{ ...instance, owner: undefined, colour: "blue" }], later: 7 };

    expect(sent(older)).toMatchObject({ instances: [{ name: "main" }] });
    expect(sent(older)).not.toHaveProperty("later");
  });
});

it.each<[string, unknown, string]>([
  ["no object", "a text", "expected Object"],
  ["null", null, "expected Object"],
  ["another program's", { status: "ok" }, 'expected "agent"'],
  [
    "a state that is a number",
    { ...WELL, instances: [{ ...WELL.instances[0], state: 7 }] },
    "expected string at instances.0.state",
  ],
  [
    "a time that is none",
    { ...WELL, instances: [{ ...WELL.instances[0], since: "now" }] },
    "at instances.0.since",
  ],
  ["a list that is an object", { ...WELL, instances: { length: 3 } }, "expected Array at instances"],
  [
    "a verdict of its own",
    { ...WELL, health: [{ ...WELL.health[0], checks: [{ verdict: "fine" }] }] },
    "at health.0.checks.0",
  ],
])("a document is no status, and it is said why: %s", (_, document, why) => {
  expect(sent(document)).toContain(why);
});

it("is cut to what can be shown", () => {
  const [instance] = WELL.instances;
  const report = parseMemberReport({
    ...WELL,
    instances: Array.from({ length: 5_000 }, (_, index) => ({
      ...instance,
      name: `${index} ${"x".repeat(9_000)}`,
      vips: Array.from({ length: 3_000 }, () => "192.0.2.1/32"),
    })),
  });
  if (typeof report === "string") throw new Error(report);

  expect(report.instances).toHaveLength(255);
  expect(report.instances[7]?.name).toHaveLength(255);
  expect(report.instances[7]?.vips).toHaveLength(100);
});
