/** A refused group goes on as it ran, with the holds and the peers of now, also where it is the only one. */
import { describe, expect, it } from "vitest";
import { deriveDesiredState } from "../../src/groups/desired-state.ts";
import { resolveGroups } from "../../src/groups/resolved-groups.ts";
import { listMembers } from "../../src/metadata/members.ts";
import type { MetadataView } from "../../src/metadata/view.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { DB, NETWORK, viewOf, WEB } from "../fixtures/groups.ts";

const ONE = { virtual_ip: "198.51.100.101", vrid: 101 };
const NO_INTERFACE = { "keepalived.interface": "eth9" };

/** A third host runs the service, and metadata knows it by this address. */
function joined(view: MetadataView, agentIp: string): MetadataView {
  const { self, hosts, service } = view.snapshot;
  const [, second] = hosts;
  const [container] = service.containers;
  if (second === undefined || container === undefined) throw new Error("the fixture has two hosts");
  const third = { ...second, uuid: "uuid-3", name: "host-3", hostname: "host-3", agentIp };
  const containers = [...service.containers, { ...container, uuid: "c-3", hostUuid: third.uuid }];
  const snapshot = { ...view.snapshot, self, hosts: [...hosts, third], service: { ...service, containers } };
  return { ...view, snapshot, members: listMembers(snapshot) };
}

/** Metadata lists no other host. */
function alone(view: MetadataView): MetadataView {
  return { ...view, members: view.members.filter(({ hostUuid }) => hostUuid === view.snapshot.self.uuid) };
}

function derive(view: MetadataView, inForce: readonly Instance[] = []) {
  const groups = resolveGroups(parseSettings({}), view.snapshot, inForce);
  return deriveDesiredState({ groups, view, network: NETWORK, inForce });
}

const peersOf = (instances: readonly Instance[]) =>
  Object.fromEntries(instances.map(({ name, unicast }) => [name, unicast?.peers]));

describe("peers of a refused group", () => {
  it("are those of now: a host that joins, where the group is the only one", () => {
    const before = derive(viewOf(ONE)).desired.instances;

    const { desired, failure } = derive(joined(viewOf(ONE, NO_INTERFACE), "198.51.100.13"), before);

    expect(failure?.code).toBe("INTERFACE_UNKNOWN");
    const [main] = before;
    const unicast = { source: "198.51.100.11", peers: ["198.51.100.12", "198.51.100.13"], isAlone: false };
    expect(desired.instances).toEqual([{ ...main, unicast }]);
  });

  it("are those of now, where another group is as it is set", () => {
    const before = derive(viewOf({ instances: { web: WEB, db: DB } })).desired.instances;
    const refused = viewOf({ instances: { web: { ...WEB, vrid: "none" }, db: DB } });

    const { desired } = derive(joined(refused, "198.51.100.13"), before);

    const peers = ["198.51.100.12", "198.51.100.13"];
    expect(peersOf(desired.instances)).toEqual({ db: peers, web: peers });
  });

  it("are those of now, where two groups are in conflict", () => {
    const before = derive(viewOf({ instances: { web: WEB, db: DB } })).desired.instances;
    const moved = { ...WEB, virtual_ip: "198.51.100.109" };
    const conflict = viewOf({ instances: { web: moved, db: { ...DB, virtual_ip: "198.51.100.109" } } });

    const { desired, refusals } = derive(joined(conflict, "198.51.100.13"), before);

    expect([...refusals.keys()].sort()).toEqual(["db", "web"]);
    const peers = ["198.51.100.12", "198.51.100.13"];
    expect(peersOf(desired.instances)).toEqual({ db: peers, web: peers });
  });

  it("begin and end for a host that is alone before or after", () => {
    const before = derive(alone(viewOf(ONE))).desired.instances;
    expect(before[0]?.unicast?.isAlone).toBe(true);

    const met = derive(viewOf(ONE, NO_INTERFACE), before).desired.instances;
    expect(met[0]?.unicast).toMatchObject({ peers: ["198.51.100.12"], isAlone: false });
    expect(derive(alone(viewOf(ONE, NO_INTERFACE)), met).desired.instances).toEqual(before);
  });

  it("stay as they were where they cannot be derived, and with multicast", () => {
    const unicast = derive(viewOf(ONE)).desired.instances;
    const multicast = derive(viewOf({ ...ONE, unicast: false })).desired.instances;

    for (const before of [unicast, multicast]) {
      const { desired, refusals } = derive(joined(viewOf(ONE, NO_INTERFACE), "2001:db8::13"), before);
      expect([...refusals.keys()]).toEqual(["main"]);
      expect(desired.instances).toEqual(before);
    }
  });

  it("lose none of a list that is refused itself", () => {
    const before = derive(viewOf({ ...ONE, unicast_peers: ["198.51.100.77"] })).desired.instances;

    const { desired } = derive(joined(viewOf({ ...ONE, unicast_peers: "nobody" }), "198.51.100.13"), before);

    expect(peersOf(desired.instances)).toEqual({ main: ["198.51.100.12", "198.51.100.13", "198.51.100.77"] });
  });
});

describe("a refused group may not own its VIPs", () => {
  it("where its label names an address of nobody, which the other hosts send to", () => {
    const before = derive(viewOf(ONE)).desired.instances;

    const wanted = derive(viewOf(ONE, { "keepalived.address": "198.51.100.99" }), before);

    expect(wanted.failure?.code).toBe("SOURCE_UNKNOWN");
    expect(wanted.desired.instances).toEqual(before);
    expect([...wanted.barred.keys()]).toEqual(["main"]);
    expect(Object.fromEntries(wanted.listedAddresses)).toEqual({ main: "198.51.100.99" });
  });

  it("but may where its list of peers is refused: the list may have named this host's source", () => {
    const elsewhere = { "keepalived.address": "203.0.113.11" };
    const listed = { ...ONE, unicast_peers: ["198.51.100.12"] };
    const before = derive(viewOf(listed)).desired.instances;

    const { barred, desired } = derive(viewOf({ ...listed, unicast_peers: "nobody" }, elsewhere), before);

    expect(desired.instances).toEqual(before);
    expect(barred.size).toBe(0);
  });
});

describe("where no group is as it is set", () => {
  it("a group goes on that metadata names no more", () => {
    const before = derive(viewOf({ instances: { web: WEB } })).desired.instances;

    const renamed = derive(viewOf({ instances: { site: { ...WEB, vrid: "none" } } }), before);
    const unusable = derive(joined(viewOf({ instances: { "web site": WEB } }), "198.51.100.13"), before);

    expect([renamed.failure?.code, unusable.failure?.code]).toEqual(["SETTING_REFUSED", "SETTING_REFUSED"]);
    expect(renamed.desired.instances).toEqual(before);
    expect(peersOf(unusable.desired.instances)).toEqual({ web: ["198.51.100.12", "198.51.100.13"] });
  });

  it("nothing goes on that cannot run here", () => {
    const [main] = derive(viewOf(ONE)).desired.instances;
    if (main === undefined) throw new Error("the group is derived");

    const { desired, failure } = derive(viewOf(ONE, NO_INTERFACE), [{ ...main, interface: "eth9" }]);

    expect(failure?.code).toBe("INTERFACE_UNKNOWN");
    expect(desired.instances).toEqual([]);
  });
});
