import { describe, expect, it } from "vitest";
import type { Status } from "../../src/status/status.ts";
import { renderStatus } from "../../src/status/text.ts";
import { PLAIN } from "../../src/text/style.ts";
import { AT, LATER, OWNED, SUSPICION, statusOf } from "../fixtures/status.ts";

const VIEW = { style: PLAIN, now: LATER };
const [HEALTHY] = statusOf({}).health;

/** web-1 to web-N, every other one owned here. */
function statusOfGroups(count: number, change: Partial<Status> = {}): Status {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  return statusOf({
    // as the settings may list them
    instances: numbers.toReversed().map((number) => ({
      ...OWNED,
      name: `web-${number}`,
      state: number % 2 === 0 ? "MASTER" : "BACKUP",
      vips: [`198.51.100.${number}/24`],
    })),
    health: numbers.map((number) => ({ ...HEALTHY!, group: `web-${number}` })),
    ...change,
  });
}

const firstWords = (text: string) => [...text.matchAll(/^ {0,2}(web-\d+)/gm)].map(([, name]) => name);

describe("the status of 50 groups", () => {
  const text = renderStatus(statusOfGroups(50), VIEW);

  it("has one line a healthy group, in the natural order", () => {
    expect(text.split("\n").length).toBeLessThanOrEqual(65);
    expect(firstWords(text)).toEqual(Array.from({ length: 50 }, (_, index) => `web-${index + 1}`));
    expect(text).toContain("50 healthy groups, 25 owned by this host:");
    expect(text).toContain("  web-2   MASTER for 5 min     198.51.100.2/24 on eth0\n");
  });

  it("has those in trouble first, each with all that is known of it", () => {
    const status = statusOfGroups(50);
    const troubled = renderStatus(
      {
        ...status,
        instances: status.instances.map((one) => (one.name === "web-11" ? { ...one, state: "FAULT" } : one)),
        splitBrain: [{ ...SUSPICION, group: "web-40", since: AT }],
        health: status.health.map((one) => (one.group === "web-9" ? { ...one, heldBy: "a change" } : one)),
      },
      VIEW,
    );

    expect(firstWords(troubled).slice(0, 5)).toEqual(["web-9", "web-11", "web-40", "web-1", "web-2"]);
    expect(troubled).toContain("\nweb-11: FAULT for 5 min (since");
    expect(troubled).toContain("47 healthy groups, 24 owned by this host:");
  });

  it("has those that are drained as lines, too, and one without an owner among those in trouble", () => {
    const status = statusOfGroups(50);
    const drained = renderStatus(
      {
        ...status,
        instances: status.instances.map((one) => {
          if (one.name !== "web-3") return { ...one, state: "FAULT" };
          return { ...one, owner: undefined, noOwner: { since: AT, text: "none heard since 14:00:00 UTC" } };
        }),
        health: status.health.map((one) => {
          return one.group === "web-3"
            ? one
            : { ...one, isHealthy: false, isDrained: true, drainedBy: "command" };
        }),
      },
      VIEW,
    );

    expect(firstWords(drained).slice(0, 4)).toEqual(["web-3", "web-1", "web-2", "web-4"]);
    expect(drained).toContain("  owner     none heard since 14:00:00 UTC\n");
    expect(drained).toContain("\n49 drained groups:\n");
    expect(drained.split("\n").length).toBeLessThanOrEqual(75);
  });

  it("names each peer that is not there once", () => {
    const away = { host: "node-3", uuid: "u3", addresses: [OWNED.peers[1]!], presence: "missing" } as const;
    const withAway = renderStatus(statusOfGroups(50, { members: [away] }), VIEW);

    expect(withAway.match(/node-3/g)).toHaveLength(1);
    expect(withAway).toContain("peer node-3, metadata: no running container");
  });
});

it("has a block a group where there are three, in the natural order", () => {
  const text = renderStatus(statusOfGroups(3), VIEW);

  expect(firstWords(text)).toEqual(["web-1", "web-2", "web-3"]);
  expect(text.match(/VRID 50/g)).toHaveLength(3);
});

it("says that the owner is not known where this host hears no adverts, in a block and in a line", () => {
  const [block, listed] = [2, 50].map((count) => renderStatus(statusOfGroups(count), VIEW));

  expect(block?.match(/^ {2}owner {5}not known: this host hears no adverts$/gm)).toHaveLength(1);
  expect(listed).toContain("  web-1   BACKUP for 5 min     198.51.100.1/24 (eth0), owner not known\n");
});

it.each([
  { state: "MASTER", place: "198.51.100.50/32 on eth0" },
  { state: "BACKUP", place: "198.51.100.50/32 (eth0), not on this host" },
  { state: "FAULT", place: "198.51.100.50/32 (eth0), not on this host" },
  { state: "UNKNOWN", place: "198.51.100.50/32 (eth0)" },
  { state: "FAULT", text: "main is FAULT with 198.51.100.50 on eth0", place: "198.51.100.50/32 (eth0)" },
])("says where the VIPs of a group in $state are: $place", ({ state, text, place }) => {
  const contradictions = text === undefined ? [] : [{ text, since: AT, isLasting: true }];
  const shown = renderStatus(statusOf({ instances: [{ ...OWNED, state }], contradictions }), VIEW);

  expect(shown).toContain(`\n  VIPs      ${place}\n`);
});

it("has the next step below a check that fails", () => {
  const ports = { name: "ports", verdict: "unhealthy", since: AT, onset: AT } as const;
  const checks = [{ ...ports, reason: "80/tcp: port-not-published (CATTLE_PREROUTING is empty)" }];

  expect(renderStatus(statusOf({ health: [{ ...HEALTHY!, isHealthy: false, checks }] }), VIEW)).toContain(
    "80/tcp: port-not-published (CATTLE_PREROUTING is empty)\n      -> Look in Rancher whether the service",
  );
});
