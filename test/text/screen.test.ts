import { expect, it } from "vitest";
import { drawFrame } from "../../src/text/screen.ts";
import { COLOURED } from "../../src/text/style.ts";

/** What is on the screen: the frame without what moves the cursor and clears. */
function shownOf(text: string, rows: number, columns: number): string[] {
  const frame = drawFrame(text, { rows, columns });
  return frame.replaceAll(/\p{Cc}\[[HJK]/gu, "").split("\n");
}

it("draws each line over the former frame, and clears what that one had more", () => {
  expect(drawFrame("one\ntwo\n", { rows: 5, columns: 20 })).toBe("\x1b[Hone\x1b[K\ntwo\x1b[K\x1b[J");
});

it("cuts what has no room, and says so", () => {
  const text = "one\ntwo\nthree\nfour\n";

  expect(shownOf(text, 4, 80)).toEqual(["one", "two", "three", "four"]);
  expect(shownOf(text, 3, 80)).toEqual([
    "one",
    "two",
    "... 2 more lines; the command without --watch prints them",
  ]);
  expect(shownOf(text, 0, 0)).toHaveLength(1);
});

it("counts the rows of a long line, and none for colours", () => {
  const text = `${COLOURED("bad", "1234567890")}\n12345678901\nend\n`;

  expect(shownOf(text, 4, 10)).toHaveLength(3);
  expect(shownOf(text, 3, 10)).toEqual([
    COLOURED("bad", "1234567890"),
    expect.stringMatching(/^\.\.\. 2 more/),
  ]);
});
