import { expect, it } from "vitest";
import { mayHaveMissed } from "../../src/wire/loss.ts";

const MEMBERS = ["198.51.100.11"];
const PLAIN = { interface: "eth0", guarded: undefined };
const GUARDED = {
  interface: "eth0",
  guarded: { address: "198.51.100.50", mac: undefined, linkLocal: undefined },
};

it.each([
  { speakers: "members", wanted: PLAIN, members: MEMBERS, want: true },
  { speakers: "neighbours", wanted: PLAIN, members: MEMBERS, want: false },
  { speakers: "neighbours", wanted: GUARDED, members: MEMBERS, want: true },
  { speakers: "neighbours", wanted: PLAIN, members: [], want: true },
  { speakers: "others", wanted: GUARDED, members: [], want: false },
] as const)(
  "a loss of $speakers' adverts counts: $want ($wanted.guarded, members: $members)",
  ({ speakers, wanted, members, want }) => {
    expect(mayHaveMissed(wanted, { interface: "eth0", speakers }, members)).toBe(want);
  },
);

it("a loss on another interface costs nothing here", () => {
  expect(mayHaveMissed(PLAIN, { interface: "eth1", speakers: "members" }, MEMBERS)).toBe(false);
});
