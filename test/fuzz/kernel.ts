/** Random nat tables with real connections: whether the port check says what the kernel does, until it does not. */
import { requirements } from "../e2e/lab/requirements.ts";
import {
  playEarlierTables,
  playForeignRules,
  playProgramTables,
  playTables,
  type Verdicts,
} from "../ports/io/kernel-play.ts";
import { QUESTIONS } from "../ports/io/random-tables.ts";

/** Tables between two lines of progress. Each round has a lab of its own. */
const ROUND = 50;
const UPLINKS = ["eth0", "br0", "wan", "vmbr0", "lan0", "wg0", "venet0"] as const;
const BACKENDS = ["nft", "legacy"] as const;

/** @throws with the smallest table that was judged wrongly. */
export async function fuzzPortCheck(
  questions: number,
  seed: number,
  print: (line: string) => void,
): Promise<void> {
  const missing = requirements();
  if (missing !== undefined) return print(`the port check is left out: ${missing}`);
  for (const backend of questions === 0 ? [] : BACKENDS) {
    const tables = await playForeignRules({ backend, uplink: "eth0" });
    print(`${tables} tables of the table test, iptables-${backend} agrees`);
    const earlier = await playEarlierTables({ backend, uplink: "eth0" });
    print(`${earlier} tables with rules before the nat table, iptables-${backend} agrees`);
    const asked = await playProgramTables({ backend, uplink: "eth0" });
    print(`${asked} questions on tables of other programs, iptables-${backend} agrees`);
  }
  const all: Verdicts = { healthy: 0, unhealthy: 0, unknown: 0 };
  for (let round = 0; sumOf(all) < questions; round += 1) {
    const backend = BACKENDS[round % BACKENDS.length] ?? "nft";
    const uplink = UPLINKS[round % UPLINKS.length] ?? "eth0";
    const tables = Math.min(ROUND, Math.ceil((questions - sumOf(all)) / QUESTIONS.length));
    const verdicts = await playTables({ backend, uplink, tables, seed: seed + round, withDrops: true });
    for (const [verdict, times] of Object.entries(verdicts)) all[verdict as keyof Verdicts] += times;
    print(`${sumOf(all)} questions to the port check, the kernel agrees: ${JSON.stringify(all)}`);
  }
}

function sumOf({ healthy, unhealthy, unknown }: Verdicts): number {
  return healthy + unhealthy + unknown;
}
