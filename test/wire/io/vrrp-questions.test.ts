import { expect, it } from "vitest";
import { shareVrrpQuestions } from "../../../src/wire/io/vrrp-questions.ts";

const FIRST = "198.51.100.12";
const SECOND = "198.51.100.13";
const THIRD = "198.51.100.14";

it("asks a host once for all who want to know at a time, and again later", async () => {
  const asked: string[][] = [];
  const answers: (() => void)[] = [];
  const find = shareVrrpQuestions((addresses) => {
    asked.push([...addresses]);
    return new Promise((resolve) => {
      answers.push(() => resolve(new Set(addresses.filter((address) => address !== THIRD))));
    });
  });

  const both = find([FIRST, THIRD]);
  const one = find([FIRST]);
  const other = find([SECOND, FIRST]);
  expect(asked).toEqual([[FIRST, THIRD], [SECOND]]);
  for (const answer of answers) answer();
  expect(await both).toEqual(new Set([FIRST]));
  expect(await one).toEqual(new Set([FIRST]));
  expect(await other).toEqual(new Set([SECOND, FIRST]));

  void find([FIRST]);
  expect(asked.at(-1)).toEqual([FIRST]);
  expect(asked).toHaveLength(3);
  expect(await find([])).toEqual(new Set());
});
