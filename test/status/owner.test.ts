import { describe, expect, it } from "vitest";
import type { HeardOwner } from "../../src/split-brain/heard-owners.ts";
import { type GroupStatus, ownerText, withOwners } from "../../src/status/owner.ts";
import { memberOf } from "../fixtures/cluster.ts";
import { AT, LATER, OWNED } from "../fixtures/status.ts";

const NAMES = { host: { uuid: "u-node-1", name: "node-1" }, members: [memberOf("node-2")] };
const HEARD: HeardOwner = {
  before: "198.51.100.12",
  phase: "heard",
  address: "198.51.100.12",
  priority: 250,
  since: AT,
  heardAt: LATER,
};

function ownerOf(
  state: string,
  hearing?: HeardOwner,
  { isDeaf = false, ...change }: Partial<GroupStatus> & { readonly isDeaf?: boolean } = {},
) {
  const hearings = new Map(hearing === undefined ? [] : [["main", hearing]]);
  const listensOn = (name: string) => name === OWNED.interface && !isDeaf;
  const [instance] = withOwners([{ ...OWNED, state, ...change }], { hearings, listensOn }, NAMES);
  return { owner: instance?.owner, noOwner: instance?.noOwner };
}

describe("the owner of a group", () => {
  it("is this host by its own state, whatever is heard", () => {
    expect(ownerOf("MASTER", HEARD)).toEqual({
      owner: { host: "node-1", uuid: "u-node-1", address: "198.51.100.11", isSelf: true, since: AT },
      noOwner: undefined,
    });
  });

  it("has the address that this host sends from where it owns it with multicast", () => {
    const hearing: HeardOwner = { before: undefined, phase: "own", address: "198.51.100.21" };
    const { owner } = ownerOf("MASTER", hearing, { source: undefined });

    expect(owner).toMatchObject({ isSelf: true, address: "198.51.100.21" });
  });

  it.each(["BACKUP", "FAULT", "STOPPED"])("is the one that is heard, in the state %s", (state) => {
    expect(ownerOf(state, HEARD)).toEqual({
      owner: {
        host: "node-2",
        uuid: "u-node-2",
        address: "198.51.100.12",
        isSelf: false,
        since: AT,
        heardAt: LATER,
      },
      noOwner: undefined,
    });
  });

  it("has no name where metadata does not list its address", () => {
    const { owner } = ownerOf("BACKUP", { ...HEARD, address: "203.0.113.9" } as HeardOwner);

    expect(owner).toMatchObject({ host: undefined, uuid: undefined, address: "203.0.113.9" });
  });

  it("is nobody's where none is heard, and it says since when", () => {
    expect(ownerOf("BACKUP", { before: undefined, phase: "silent", since: LATER })).toEqual({
      owner: undefined,
      noOwner: { since: LATER, text: "none heard since 14:05:00 UTC" },
    });
  });

  it.each<HeardOwner>([
    { before: undefined, phase: "silent", since: LATER },
    { before: undefined, phase: "own", address: undefined },
  ])("is not known where this host does not listen: $phase", (hearing) => {
    expect(ownerOf("BACKUP", hearing, { isDeaf: true })).toEqual({ owner: undefined, noOwner: undefined });
  });

  it("stays the one that was heard until the silence counts, also where this host listens no more", () => {
    expect(ownerOf("BACKUP", HEARD, { isDeaf: true }).owner).toMatchObject({ host: "node-2" });
  });

  it("is nobody's in the moment in which this host has left the state MASTER", () => {
    expect(ownerOf("BACKUP", { before: undefined, phase: "own", address: undefined }).noOwner).toMatchObject({
      since: AT,
    });
  });
});

it.each<[string, Parameters<typeof ownerText>[0], string | undefined]>([
  ["another host", ownerOf("BACKUP", HEARD), "node-2 (198.51.100.12) for 5 min"],
  ["this host", ownerOf("MASTER"), "this host"],
  [
    "a machine without a name",
    ownerOf("BACKUP", { ...HEARD, address: "203.0.113.9" } as HeardOwner),
    "203.0.113.9, whose host is not known, for 5 min",
  ],
  [
    "a peer by UNICAST_PEERS",
    {
      ...ownerOf("BACKUP", { ...HEARD, address: "203.0.113.9" } as HeardOwner),
      peers: ["203.0.113.8", "203.0.113.9"],
    },
    "203.0.113.9 for 5 min",
  ],
  [
    "nobody",
    { noOwner: { since: AT, text: "none heard since 14:00:00 UTC" } },
    "none heard since 14:00:00 UTC",
  ],
  ["nobody who was looked for", {}, undefined],
])("says of %s what a terminal shows", (_, group, text) => {
  expect(ownerText(group, LATER)).toBe(text);
});
