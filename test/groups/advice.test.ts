import { expect, it } from "vitest";
import { adviseOnMissingPeers, adviseOnPriority } from "../../src/groups/advice.ts";
import { derivePriority } from "../../src/groups/shared-numbers.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { viewOf, WEB } from "../fixtures/groups.ts";

const ALONE = { ...INSTANCE, unicast: { source: "198.51.100.11", peers: ["198.51.100.11"], isAlone: true } };
const LISTED = {
  value: ["198.51.100.11"],
  source: { kind: "environment", name: "UNICAST_PEERS" },
} as const;

it.each([
  { what: "has peers", instance: INSTANCE, listed: LISTED, isStandalone: true },
  {
    what: "sends by multicast",
    instance: { ...INSTANCE, unicast: undefined },
    listed: undefined,
    isStandalone: true,
  },
  { what: "is alone by metadata", instance: ALONE, listed: undefined, isStandalone: false },
])("gives no advice to a host that $what", ({ instance, listed, isStandalone }) => {
  expect(adviseOnMissingPeers(instance, listed, isStandalone)).toBeUndefined();
});

it("warns where a list names this host only", () => {
  expect(adviseOnMissingPeers(ALONE, LISTED, false)).toBe(
    "UNICAST_PEERS (environment) lists no other host, so it has no peer",
  );
});

it("says what to set where neither metadata nor a list names another host", () => {
  expect(adviseOnMissingPeers(ALONE, undefined, true)).toMatch(/UNICAST_PEERS.*UNICAST=false/);
});

/** What a host reads about its priority in the group `web`, beside a host with `peerLabels`. */
function priorityAdvice(
  labels: Record<string, string>,
  {
    env = {},
    web = WEB,
    peerLabels = {},
    peerUuid = "uuid-2",
  }: { env?: object; web?: object; peerLabels?: object; peerUuid?: string | undefined } = {},
): string | undefined {
  const view = viewOf({ instances: { web } }, labels);
  const [self, peer] = view.snapshot.hosts;
  const hosts = [self!, { ...peer!, uuid: peerUuid, labels: { ...peerLabels } }];
  const members = view.members.map((member) =>
    member.hostUuid === peer!.uuid ? { ...member, hostUuid: peerUuid } : member,
  );
  const resolved = resolveGroup("web", parseSettings({ ...env }), labels, view.snapshot.service.metadata);
  return adviseOnPriority("web", resolved, { members, snapshot: { ...view.snapshot, hosts } });
}

it.each(["keepalived.priority", "keepalived.web.priority"])(
  "says that hosts that derive their priority are preferred to one with %s of 200-239",
  (label) => {
    for (const priority of ["200", "239"]) {
      expect(priorityAdvice({ [label]: priority })).toBe(
        `${label} (host label) is ${priority}: hosts without a priority label derive 240-254 and are preferred to this one. ` +
          "Set 254 if this host is to be preferred, or less than 200 if it is to be the last",
      );
    }
  },
);

/** Of a host that derives 254 in the group, and of one that derives less. */
const [EQUAL_UUID, LOWER_UUID] = [true, false].map((isEqual) =>
  Array.from({ length: 1_000 }, (_, index) => `uuid-${index}`).find(
    (uuid) => (derivePriority("web", uuid) === 254) === isEqual,
  ),
);

it("names the host that derives 254 beside a label of 254", () => {
  const labels = { "keepalived.priority": "254" };
  const advice =
    "keepalived.priority (host label) is 254, and host-2 derives the same, so the host with the highest address is preferred. ";
  const step = "Set 253 there (label keepalived.web.priority) if this host is to be preferred";

  expect(priorityAdvice(labels, { peerUuid: EQUAL_UUID })).toBe(advice + step);
  expect(priorityAdvice({ "keepalived.priority": "253" }, { peerUuid: EQUAL_UUID })).toBeUndefined();
  expect(
    priorityAdvice(labels, { peerUuid: EQUAL_UUID, peerLabels: { "keepalived.web.priority": "253" } }),
  ).toBeUndefined();
  expect(priorityAdvice(labels, { peerUuid: LOWER_UUID })).toBeUndefined();
});

it.each<[string, string | undefined]>([
  ["is preferred to most", priorityAdvice({ "keepalived.priority": "240" })],
  ["was the last before, too", priorityAdvice({ "keepalived.priority": "199" })],
  ["derives its own", priorityAdvice({})],
  ["has it from metadata, as all hosts", priorityAdvice({}, { web: { ...WEB, priority: 230 } })],
  ["has it from the environment, as all hosts", priorityAdvice({}, { env: { PRIORITY: "230" } })],
  [
    "is beside hosts that have theirs from metadata",
    priorityAdvice({ "keepalived.priority": "230" }, { web: { ...WEB, priority: 210 } }),
  ],
  [
    "is beside hosts with a label",
    priorityAdvice({ "keepalived.priority": "230" }, { peerLabels: { "keepalived.web.priority": "210" } }),
  ],
])("gives no advice on the priority of a host that %s", (_, advice) => {
  expect(advice).toBeUndefined();
});
