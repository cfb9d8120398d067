/** What follows each change of the status grows in proportion to the groups: a takeover of 255 groups is 255 changes. */
import { expect, it } from "vitest";
import { eventsBetween } from "../../src/journal/status-events.ts";
import { deriveSamples } from "../../src/metrics/samples.ts";
import type { HeardOwner } from "../../src/split-brain/heard-owners.ts";
import { withOwners } from "../../src/status/owner.ts";
import type { Status } from "../../src/status/status.ts";
import { renderStatus } from "../../src/status/text.ts";
import { PLAIN } from "../../src/text/style.ts";
import { memberOf } from "../fixtures/cluster.ts";
import { growthOf } from "../fixtures/count-reads.ts";
import { AT, LATER, OWNED, SUSPICION, statusOf } from "../fixtures/status.ts";

/** Four times as much takes four times the work; with a comparison of each with each it would be 16 times. */
const IN_PROPORTION = 5;
const VIEW = { style: PLAIN, now: LATER };
const [HEALTH] = statusOf({}).health;

function numbered<Item>(count: number, itemOf: (number: number) => Item): Item[] {
  return Array.from({ length: count }, (_, number) => itemOf(number));
}

/** As many groups, all in trouble, as hosts of the service. */
function manyGroups(count: number, state = "BACKUP"): Status {
  const members = numbered(count, (number) =>
    memberOf(`node-${number}`, { addresses: [`10.0.0.${number}`], presence: "missing" }),
  );
  return statusOf({
    members,
    instances: numbered(count, (number) => ({ ...OWNED, name: `web-${number}`, state, peers: [] })),
    health: numbered(count, (number) => ({ ...HEALTH!, group: `web-${number}` })),
    splitBrain: numbered(count, (number) => ({ ...SUSPICION, group: `web-${number}`, since: AT })),
    contradictions: numbered(count, (number) => ({
      text: `web-${number} ${state}`,
      since: AT,
      isLasting: true,
    })),
  });
}

it.each<{ what: string; work: (status: Status) => unknown }>([
  { what: "the text", work: (status) => renderStatus(status, VIEW) },
  {
    what: "the events",
    work: (status) => eventsBetween(status, manyGroups(status.instances.length, "MASTER")),
  },
  {
    what: "the metrics",
    work: (status) =>
      deriveSamples({ status, counts: { transitions: [], rejections: 0, exits: 0 }, epochSeconds: () => 0 }),
  },
  {
    what: "the owners",
    work: ({ instances, members, host }) =>
      withOwners(
        instances,
        { hearings: hearings(instances.length), listensOn: () => true },
        { host, members },
      ),
  },
])("$what of a status with many groups", ({ work }) => {
  expect(growthOf(manyGroups, work)).toBeLessThan(IN_PROPORTION);
});

it("the text of one group with many peers", () => {
  const peersOf = (count: number) => {
    const { members } = manyGroups(count);
    const peers = members.flatMap(({ addresses }) => addresses);
    return statusOf({ members, instances: [{ ...OWNED, state: "FAULT", peers }] });
  };

  expect(growthOf(peersOf, (status) => renderStatus(status, VIEW))).toBeLessThan(IN_PROPORTION);
  expect(renderStatus(peersOf(50), VIEW)).toContain("10.0.0.49 node-49, metadata: no running container");
});

function hearings(count: number): ReadonlyMap<string, HeardOwner> {
  return new Map(
    numbered(count, (number) => [
      `web-${number}`,
      { before: "", phase: "heard", address: `10.0.0.${number}`, priority: 250, since: AT, heardAt: LATER },
    ]),
  );
}
