import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { isAnswer, readLogLine, vrrpPidIn } from "../../src/keepalived/log-line.ts";

/** The lines of a recorded log, without their times. */
function linesOf(name: string): string[] {
  const file = new URL(`../fixtures/keepalived-log/${name}.txt`, import.meta.url);
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => readLogLine(line).text);
}

it("follows the pid of the VRRP process, also to the one that is started in its place", () => {
  expect(linesOf("vrrp-process-killed").flatMap((line) => vrrpPidIn(line) ?? [])).toEqual([14666]);
});

it("knows the answer to a question among all other lines", () => {
  expect(linesOf("dump").filter(isAnswer)).not.toEqual([]);
  expect(linesOf("reload").filter(isAnswer)).toEqual([]);
});
