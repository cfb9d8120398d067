import { expect, it } from "vitest";
import { NO_EVIDENCE, withFrame } from "../../src/split-brain/evidence.ts";
import { createKnownFrames } from "../../src/split-brain/known-frames.ts";
import type { WatchedGroup } from "../../src/split-brain/watched-group.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { ADVERT, BACKED_UP as BACKUP } from "../fixtures/rival.ts";

const frameOf = (source: string) => ({
  text: `frame of ${source}`,
  interface: "eth0",
  mac: `02:00:00:00:00:${source.slice(-2)}`,
  advert: { ...ADVERT, source },
});

/** The known frames after these owners of a group were heard for `forMs`. */
function knownAfter(sources: readonly string[], forMs: number, group = BACKUP): string[] {
  const knownFrames = createKnownFrames();
  let evidence = NO_EVIDENCE;
  for (let ms = 0; ms <= forMs; ms += 250) {
    for (const frame of sources.map(frameOf)) {
      evidence = withFrame(evidence, frame, ms);
      knownFrames.noteFrame(frame, [group]);
    }
    knownFrames.addSoleOwner(group, evidence, ms);
  }
  return [...knownFrames.ofOwners];
}

it.each<[string, readonly string[], number, WatchedGroup, readonly string[]]>([
  ["the one owner of a group that this host backs up", [ADVERT.source], 3_000, BACKUP, [ADVERT.source]],
  ["no owner that appeared a moment ago", [ADVERT.source], 2_750, BACKUP, []],
  ["neither of two owners", [ADVERT.source, "198.51.100.13"], 9_000, BACKUP, []],
  ["no other owner while this host is owner", [ADVERT.source], 9_000, { ...BACKUP, isOwner: true }, []],
  ["no owner while the group changes", [ADVERT.source], 9_000, { ...BACKUP, changing: [INSTANCE] }, []],
])("knows the frame of %s", (_, sources, forMs, group, want) => {
  expect(knownAfter(sources, forMs, group)).toEqual(want.map((source) => `frame of ${source}`));
});

it("forgets the owner when another one comes, and when the state of the group changes", () => {
  const knownFrames = createKnownFrames();
  const first = frameOf(ADVERT.source);
  const evidence = withFrame(withFrame(NO_EVIDENCE, first, 0), first, 500);
  knownFrames.noteFrame(first, [BACKUP]);
  knownFrames.addSoleOwner(BACKUP, evidence, 3_500);
  expect(knownFrames.ofOwners).toEqual([first.text]);
  expect(knownFrames.isOwners(first.text)).toBe(true);

  knownFrames.noteFrame(frameOf("198.51.100.13"), [BACKUP]);
  expect(knownFrames.ofOwners).toEqual([]);
  expect(knownFrames.isOwners(first.text)).toBe(false);
  knownFrames.addUnrelated("an unrelated frame");
  knownFrames.forgetOwner("main");
  expect([...knownFrames.ofOwners, ...knownFrames.unrelated]).toEqual(["an unrelated frame"]);
});

it("says of an unrelated frame whether it is new, and knows five hundred at most", () => {
  const knownFrames = createKnownFrames();
  expect([knownFrames.addUnrelated("1"), knownFrames.addUnrelated("1")]).toEqual([true, false]);
  const more = Array.from({ length: 600 }, (_, index) => knownFrames.addUnrelated(`other ${index}`));
  expect(more.filter(Boolean)).toHaveLength(499);
  expect(knownFrames.unrelated).toHaveLength(500);
});
