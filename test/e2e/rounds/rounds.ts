/**
 * Rounds of planned changes under kills, on real keepalived: `node test/e2e/rounds/rounds.ts [--rounds 20] [--seed 1]
 * [--without-memory]`. It takes half a minute a round, so it is no part of CI. Exit status 1 where two hosts owned a VIP.
 */
import { exit, stdout } from "node:process";
import { parseArgs } from "node:util";
import { createRandom } from "../../sim/random.ts";
import { createLab } from "../lab/lab.ts";
import { FIRST_GROUP, playRound, startFleet } from "./round.ts";

/** Two that take over in the same moment hear of each other at once. */
const TIE_MS = 100;

/** A round without an owner for longer is printed in full. It may be right: all hosts were down at once. */
const LONG_GAP_MS = 8_000;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    "without-memory": { type: "boolean", default: false },
  },
});
const random = createRandom(Number(values.seed), 1);
const keepsMemory = !values["without-memory"];
const lab = await createLab({ hosts: 3 });
let [group, broken, twoMs, noneMs] = [FIRST_GROUP, 0, 0, 0];
try {
  await startFleet(lab);
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const result = await playRound(lab, group, { random, keepsMemory });
    group = result.to;
    const isBroken = result.twoMs > TIE_MS;
    broken += isBroken ? 1 : 0;
    [twoMs, noneMs] = [Math.max(twoMs, result.twoMs), Math.max(noneMs, result.noneMs)];
    const { vrid, vrrp_version: version, unicast, virtual_ip: vips } = group;
    print(
      `round ${round}: to ${vips.join()} VRID ${vrid} v${version} ${unicast ? "unicast" : "multicast"}: ` +
        `two owners ${Math.round(result.twoMs)} ms, none ${Math.round(result.noneMs)} ms` +
        `${isBroken ? " BROKEN" : ""} (${result.events.join(", ")})`,
    );
    if (isBroken || result.noneMs > LONG_GAP_MS) for (const line of result.record) print(`    ${line}`);
  }
} finally {
  await lab.destroy();
}
print(
  `${values.rounds} rounds ${keepsMemory ? "with" : "without"} memory, seed ${values.seed}: ${broken} with two owners; ` +
    `longest two ${Math.round(twoMs)} ms, longest none ${Math.round(noneMs)} ms`,
);
exit(broken === 0 ? 0 : 1);

function print(line: string): void {
  stdout.write(`${line}\n`);
}
