import { describe, expect, it } from "vitest";
import { deriveInstance } from "../../src/groups/derive-instance.ts";
import type { GroupContext } from "../../src/groups/group-context.ts";
import { adviseOnLeftOut, adviseOnSource } from "../../src/groups/listed-address.ts";
import type { Member } from "../../src/metadata/members.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import { NETWORK } from "../fixtures/groups.ts";

const DOCKER0 = "172.17.0.1";

/** What the operator reads on host 1. @param others addresses of hosts 2, 3, ... */
function adviceOn(own: string | undefined, others: readonly (string | undefined)[] = ["198.51.100.12"]) {
  const members = [own, ...others].map((address, index) => member(index + 1, address));
  const context: GroupContext = {
    group: "main",
    hostUuid: "uuid-1",
    agentIp: own,
    members,
    network: NETWORK,
  };
  const { group } = resolveGroup("main", parseSettings({ VIRTUAL_IP: "198.51.100.50" }), {}, {});
  const { instance } = deriveInstance(group, context);
  return {
    source: adviseOnSource(instance, context),
    leftOut: adviseOnLeftOut(instance, context),
    unicast: instance.unicast,
  };
}

function member(number: number, address: string | undefined): Member {
  const hostName = `host-${number}`;
  return { hostUuid: `uuid-${number}`, hostName, address, groupAddresses: {}, formerAddresses: [] };
}

const FIX = "set the label keepalived.address=198.51.100.11 on this host in Rancher";

const ONE_PER_HOST = "HOST_UUID is one per host, so it does not belong into a service's environment";

describe("adviseOnSource", () => {
  it.each([
    { own: "198.51.100.11", want: undefined },
    {
      own: "203.0.113.5",
      want: `VRRP sends from 198.51.100.11, but the other hosts know this one as 203.0.113.5 and will refuse its adverts: ${FIX}. If host-1 is another machine, correct HOST_UUID instead. ${ONE_PER_HOST}`,
    },
    {
      own: DOCKER0,
      want: `Rancher lists this host with 172.17.0.1, an address that every Docker host has: ${FIX}`,
    },
    {
      own: undefined,
      want: `Rancher lists no address for this host that the other hosts could send to: ${FIX}`,
    },
  ])("of a host that is listed with $own: $want", ({ own, want }) => {
    expect(adviceOn(own).source).toBe(want);
  });

  it.each([DOCKER0, undefined])("says nothing to a host that is alone with %s", (own) => {
    const { source, unicast } = adviceOn(own, []);

    expect(source).toBeUndefined();
    expect(unicast?.isAlone).toBe(true);
  });

  it("says nothing to a host whose earlier registration is listed, too", () => {
    expect(adviceOn(DOCKER0, ["198.51.100.11"]).source).toBeUndefined();
  });

  it("holds every host back where all are listed with docker0's address", () => {
    const { source, leftOut } = adviceOn(DOCKER0, [DOCKER0, DOCKER0]);

    expect(source).toContain(FIX);
    expect(leftOut).toHaveLength(2);
  });
});

describe("adviseOnSource of a host whose listed address is not on this machine", () => {
  const ELSEWHERE = "198.51.100.99";

  it("says nothing to a host behind NAT that is alone", () => {
    expect(adviceOn(ELSEWHERE, []).source).toBeUndefined();
  });

  // HOST_UUID of one host on all, or a copy of a disk: the listed address is another machine's
  it.each([DOCKER0, undefined])("holds it back where the only other member is listed with %s", (other) => {
    const { source, unicast } = adviceOn(ELSEWHERE, [other]);

    expect(unicast?.isAlone).toBe(true);
    expect(source).toContain("correct HOST_UUID");
  });

  it.each([
    { others: ["198.51.100.11"], isAlone: true },
    { others: ["198.51.100.11", "198.51.100.13"], isAlone: false },
  ])("names the host that it rather is, among $others", ({ others, isAlone }) => {
    const { source, unicast } = adviceOn(ELSEWHERE, others);

    expect(unicast?.isAlone).toBe(isAlone);
    expect(source).toContain(
      "Rancher lists host-2 with an address of this machine: unset HOST_UUID, or set it to uuid-2",
    );
    expect(source).toContain(ONE_PER_HOST);
  });
});

describe("adviseOnLeftOut", () => {
  it("names each member that is no peer, and lets this host go on", () => {
    const { source, leftOut, unicast } = adviceOn("198.51.100.11", [DOCKER0, "198.51.100.13", undefined]);

    expect(source).toBeUndefined();
    expect(unicast?.peers).toEqual(["198.51.100.13"]);
    expect(leftOut).toEqual([
      "host-2 is listed with 172.17.0.1, as every Docker host is: it is no peer and must not own the VIP. Set the label keepalived.address on it in Rancher to its own address",
      "host-4 is listed with no address that VRRP could use: it is no peer and must not own the VIP. Set the label keepalived.address on it in Rancher to its own address",
    ]);
  });

  it("says nothing where all are peers", () => {
    expect(adviceOn("198.51.100.11").leftOut).toEqual([]);
  });
});
