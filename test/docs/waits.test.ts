/** The page says of each wait for another host's word how long it lasts, as the constants do. */
import { describe, expect, it } from "vitest";
import { LONGEST_LISTEN_MS } from "../../src/listening/claims.ts";
import { DEAF_MS, LISTEN_MS, LONGEST_ANSWERED_MS, LONGEST_PROVEN_MS } from "../../src/listening/listening.ts";
import { formerGraceMs, UNKNOWN_GRACE_MS } from "../../src/metadata/departure.ts";
import * as waits from "../../src/planned-change/waits.ts";
import { readDocument, tableRows } from "./readme.ts";

const [, table = ""] = readDocument("docs/design/planned-changes.md").split(
  /<!-- waits:(?:start|end)[^>]*-->/,
);
const rows = new Map(tableRows(table).map(([what = "", bound = ""]) => [what, bound]));

function words(ms: number): string {
  if (ms < 60_000) return `${ms / 1_000} s`;
  return ms < 3_600_000 ? `${ms / 60_000} min` : `${ms / 3_600_000} h`;
}

const { hostListed, hostUnlisted } = UNKNOWN_GRACE_MS;
const BOUNDS: readonly (readonly [string, readonly string[]])[] = [
  ["as owner, for the others to learn of the change", [words(waits.PROPAGATION_MS)]],
  ["held back, for the former owner to be silent", ["four of the longest advert interval"]],
  ["held back, while adverts say that a member owns the VIPs as before", [words(waits.WATCH_MS)]],
  ["released, it listens for a member that stayed behind for more than 30 s", [words(waits.LONGEST_HOLD_MS)]],
  ["held back, while a machine answers for the VIPs as well", [words(waits.LONGEST_HOLD_MS)]],
  [
    "held back, and it cannot listen",
    [
      words(waits.HOLD_WITHOUT_LISTENER_MS),
      words(waits.WATCH_MS),
      words(waits.HOLD_WITHOUT_LISTENER_MS + waits.ANSWER_MS),
    ],
  ],
  ["held back with a new source", [words(waits.PROPAGATION_MS)]],
  [
    "after a start, for members that own VIPs in another group",
    [words(waits.FIRST_SIGHT_MS), "four of its own"],
  ],
  ["before a group begins, for another owner", [LISTEN_MS, DEAF_MS, LONGEST_LISTEN_MS].map(words)],
  ["before a group begins, while a known machine answers for its first VIP", [words(LONGEST_ANSWERED_MS)]],
  ["before a group begins, while that machine also says that it owns the VIPs", [words(LONGEST_PROVEN_MS)]],
  ["with adverts to a silent member that metadata misses", [words(hostUnlisted), words(hostListed)]],
  ["with adverts to an address that a member had", [words(formerGraceMs(0))]],
];

describe("each wait has the bound that the page states", () => {
  it.each(BOUNDS)("%s", (what, bounds) => {
    for (const bound of bounds) expect(rows.get(what)).toContain(bound);
  });

  it("and no other wait is listed", () => {
    expect([...rows.keys()]).toEqual(BOUNDS.map(([what]) => what));
  });

  it("a change takes 30 s at most, and four intervals are four", () => {
    expect(words(waits.USUAL_CHANGE_MS)).toBe("30 s");
    expect([waits.SILENT_INTERVALS, waits.FIRST_SIGHT_INTERVALS]).toEqual([4, 4]);
  });
});
