import { expect, it } from "vitest";
import { NO_EVIDENCE, withFrame } from "../../src/split-brain/evidence.ts";
import { createMutes } from "../../src/split-brain/known-frames.ts";
import type { WatchedGroup } from "../../src/split-brain/watched-group.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { ADVERT, BACKED_UP as BACKUP } from "../fixtures/rival.ts";

const frameOf = (source: string) => ({
  text: `frame of ${source}`,
  interface: "eth0",
  mac: `02:00:00:00:00:${source.slice(-2)}`,
  advert: { ...ADVERT, source },
});

/** What is muted after these owners of a group were heard for so long, ms. */
function mutedAfter(sources: readonly string[], forMs: number, group = BACKUP): string[] {
  const mutes = createMutes();
  let evidence = NO_EVIDENCE;
  for (let ms = 0; ms <= forMs; ms += 250) {
    for (const frame of sources.map(frameOf)) {
      evidence = withFrame(evidence, frame, ms);
      mutes.hear(frame, [group]);
    }
    mutes.settle(group, evidence, ms);
  }
  return [...mutes.frames];
}

it.each<[string, readonly string[], number, WatchedGroup, readonly string[]]>([
  ["the one owner of a group that this host backs up", [ADVERT.source], 3_000, BACKUP, [ADVERT.source]],
  ["no owner of a moment ago", [ADVERT.source], 2_750, BACKUP, []],
  ["none of two owners", [ADVERT.source, "198.51.100.13"], 9_000, BACKUP, []],
  ["no owner beside this one", [ADVERT.source], 9_000, { ...BACKUP, isMaster: true }, []],
  ["none while the group changes", [ADVERT.source], 9_000, { ...BACKUP, changing: [INSTANCE] }, []],
])("mutes %s", (_, sources, forMs, group, want) => {
  expect(mutedAfter(sources, forMs, group)).toEqual(want.map((source) => `frame of ${source}`));
});

it("hears the owner again when another one comes, and when the state of the group changes", () => {
  const mutes = createMutes();
  const first = frameOf(ADVERT.source);
  const evidence = withFrame(withFrame(NO_EVIDENCE, first, 0), first, 500);
  mutes.hear(first, [BACKUP]);
  mutes.settle(BACKUP, evidence, 3_500);
  expect([...mutes.frames]).toEqual([first.text]);

  mutes.hear(frameOf("198.51.100.13"), [BACKUP]);
  expect([...mutes.frames]).toEqual([]);
  mutes.ignore("a frame of nobody");
  mutes.forget("main");
  expect([...mutes.frames]).toEqual(["a frame of nobody"]);
});

it("says of a frame of nobody whether that one is news, and remembers five hundred", () => {
  const mutes = createMutes();
  expect([mutes.ignore("1"), mutes.ignore("1")]).toEqual([true, false]);
  const more = Array.from({ length: 600 }, (_, index) => mutes.ignore(`other ${index}`));
  expect(more.filter(Boolean)).toHaveLength(499);
  expect([...mutes.frames]).toHaveLength(500);
});
