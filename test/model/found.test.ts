/** What the model found, as the shortest script that shows it: each goes right since its mend. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { readDocument, section, tableRows } from "../docs/readme.ts";
import { play } from "./play.ts";
import { parseSchedule, printSchedule } from "./script.ts";

const FOLDER = path.join(import.meta.dirname, "found");
const scripts = readdirSync(FOLDER)
  .toSorted()
  .map((name) => ({ name, text: readFileSync(path.join(FOLDER, name), "utf8") }));
const [open, mended] = [/^# open: /, /^# mended: /].map((mark) =>
  scripts.filter(({ text }) => mark.test(text)),
);

it.each(mended!)("goes right: $name", async ({ text }) => {
  const { violation, lines } = await play(parseSchedule(text));

  expect(violation, lines.join("\n")).toBeUndefined();
});

it.each(open!)("is not mended yet, and can be played: $name", async ({ text }) => {
  expect((await play(parseSchedule(text))).lines).not.toEqual([]);
});

it.each(scripts)("says whether it is mended, and reads like what is printed: $name", ({ text }) => {
  const schedule = parseSchedule(text);

  expect(text).toMatch(/^# (?:open|mended): /);
  expect(parseSchedule(printSchedule(schedule))).toEqual(schedule);
});

it("is listed in docs/design/model.md, with what became of it", () => {
  const rows = tableRows(section(readDocument("docs/design/model.md"), "found"));
  const listed = rows.map(
    ([name = "", , fate = ""]) => `${name}.txt ${fate.startsWith("mended: ") ? "mended" : fate}`,
  );

  expect(listed.toSorted()).toEqual(
    scripts.map(({ name, text }) => `${name} ${/^# (\w+)/.exec(text)?.[1]}`).toSorted(),
  );
});
