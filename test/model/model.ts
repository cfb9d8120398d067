/**
 * Looks for two owners, or none, in schedules of the model: `npm run model -- --schedules N --seed S [--hosts 3]
 * [--about "planned change"] [--without row9]`. The same seed plays the same schedules. `--depth 3 --hosts 2` plays every
 * schedule of three moves, `--script FILE` one script, and `--replay FILE` plays it on real keepalived, in the lab. Ends with 1 where something went wrong, shrunk to a short script.
 */
import { readFileSync } from "node:fs";
import { exit, stdout } from "node:process";
import { parseArgs } from "node:util";
import { searchExhaustively } from "./exhaustive.ts";
import { play } from "./play.ts";
import type { Subject } from "./random-schedule.ts";
import { parseSchedule, printSchedule } from "./script.ts";
import { searchRandomly } from "./search.ts";
import type { Mend } from "./without.ts";

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "20000" },
    seed: { type: "string" },
    hosts: { type: "string" },
    about: { type: "string" },
    without: { type: "string", multiple: true, default: [] },
    script: { type: "string" },
    depth: { type: "string" },
    replay: { type: "string" },
  },
});
const without = new Set(values.without as Mend[]);

if (values.script !== undefined) {
  const { lines, violation } = await play(parseSchedule(readFileSync(values.script, "utf8")), without);
  print([...lines, violation === undefined ? "nothing went wrong" : JSON.stringify(violation)]);
  exit(violation === undefined ? 0 : 1);
}

if (values.replay !== undefined) {
  const { replay } = await import("./replay.ts");
  print(await replay(parseSchedule(readFileSync(values.replay, "utf8"))));
  exit(0);
}

if (values.depth !== undefined) {
  const asked = { depth: Number(values.depth), hosts: Number(values.hosts ?? 2) };
  const { schedules: played, states, wrong } = await searchExhaustively(asked, without);
  print([`depth ${asked.depth}: ${played} schedules, ${states} states`]);
  if (wrong !== undefined) print([JSON.stringify(wrong.violation), "", printSchedule(wrong.schedule)]);
  exit(wrong === undefined ? 0 : 1);
}

const schedules = Number(values.schedules);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
print([`seed ${seed}, ${schedules} schedules`]);
const startMs = performance.now();
const found = await searchRandomly({
  schedules,
  seed,
  hosts: values.hosts === undefined ? undefined : Number(values.hosts),
  subject: values.about as Subject | undefined,
  without,
});
const seconds = (performance.now() - startMs) / 1_000;
print([
  `${found.schedules} schedules in ${seconds.toFixed(1)} s`,
  `longest two owners ${found.longestOverlapMs.toFixed(1)} ms, longest no owner ${found.longestGapMs.toFixed(0)} ms`,
]);
if (found.counterExample !== undefined) {
  const { violation, schedule, lines } = found.counterExample;
  print([JSON.stringify(violation), "", printSchedule(schedule), ...lines]);
  exit(1);
}

function print(lines: readonly string[]): void {
  stdout.write(`${lines.join("\n")}\n`);
}
