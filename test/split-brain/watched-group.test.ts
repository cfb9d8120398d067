import { expect, it } from "vitest";
import { ownedWithOtherMac } from "../../src/split-brain/watched-group.ts";
import { BACKED_UP } from "../fixtures/rival.ts";

const OWNED = { ...BACKED_UP, isOwner: true, mac: "02:00:00:00:00:11" };
const OTHER = "06:00:00:00:00:11";

it.each([
  { what: "another MAC of an owned group", before: [OWNED], after: { ...OWNED, mac: OTHER }, found: 1 },
  { what: "the same MAC", before: [OWNED], after: OWNED, found: 0 },
  {
    what: "another MAC of a group that is backed up",
    before: [OWNED],
    after: { ...BACKED_UP, mac: OTHER },
    found: 0,
  },
  { what: "an interface that is gone", before: [OWNED], after: { ...OWNED, mac: undefined }, found: 0 },
  { what: "a group that begins", before: [], after: { ...OWNED, mac: OTHER }, found: 0 },
])("$what is announced for $found groups", ({ before, after, found }) => {
  expect(ownedWithOtherMac(before, [after])).toHaveLength(found);
});
