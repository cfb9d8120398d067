import fc from "fast-check";
import { expect, it } from "vitest";
import { createLineSplitter } from "../../src/system/line-splitter.ts";

it("returns each line once it is complete", () => {
  const split = createLineSplitter(100);

  expect(split("one\ntw")).toEqual(["one"]);
  expect(split("o")).toEqual([]);
  expect(split("\n\nthree\n")).toEqual(["two", "", "three"]);
});

it("splits a text alike, however it is cut into pieces", () => {
  const lines = fc.array(fc.string({ maxLength: 8 }).map((text) => text.replaceAll("\n", "")));
  fc.assert(
    fc.property(lines, fc.array(fc.nat({ max: 9 })), (wanted, sizes) => {
      const split = createLineSplitter(8);
      let text = wanted.map((line) => `${line}\n`).join("");
      const got: string[] = [];
      for (const size of [...sizes, text.length]) {
        got.push(...split(text.slice(0, size)));
        text = text.slice(size);
      }
      expect([...got, ...split(text)]).toEqual(wanted);
    }),
  );
});

it.each([
  { how: "at once", pieces: [`${"x".repeat(9)}\nnext\n`] },
  { how: "in pieces", pieces: ["xxxxx", "xxxx", "xxxxxxxxx", "xx\nnext\n"] },
  { how: "with its end alone", pieces: ["x".repeat(9), "\n", "next\n"] },
])("drops a line that is too long and comes $how, and goes on after it", ({ pieces }) => {
  const split = createLineSplitter(8);

  expect(pieces.flatMap(split)).toEqual(["next"]);
});
