import { expect, it } from "vitest";
import { adviseOnMissingPeers } from "../../src/groups/advice.ts";
import { INSTANCE } from "../fixtures/desired.ts";

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
