/**
 * Run as `npm run bench:growth`, as root: measures how what the agent costs grows with hosts, containers, groups and
 * versions a second, and what many groups, peers and VIPs come to, simulates rolling upgrades, prints all of it, and with `--docs`
 * writes docs/design/performance.md.
 */
import { parseArgs } from "node:util";
import { type Scenario, simulate } from "../sim/simulation.ts";
import { machineText } from "./document.ts";
import { measureAgent } from "./growth/agent-growth.ts";
import { measureAnnouncements } from "./growth/announcement-limits.ts";
import { measureCore } from "./growth/core-growth.ts";
import type { Growth } from "./growth/growth.ts";
import { type Part, writeGrowths, writePart } from "./growth/growth-document.ts";
import { growthText } from "./growth/growth-table.ts";
import { limitText } from "./growth/limits-table.ts";
import { measurePeers } from "./growth/peer-limits.ts";
import { measureStatus } from "./growth/status-limits.ts";
import { type SimulatedUpgrade, upgradeTable } from "./growth/upgrade-table.ts";
import { readMachineFacts } from "./machine-facts.ts";

const TENS = { intervalMs: 10_000, seed: 1 };
const UPGRADES: readonly Scenario[] = [
  { ...TENS, hosts: 20, batchSize: 1 },
  { ...TENS, hosts: 20, batchSize: 1, slowEvery: 4 },
  { ...TENS, hosts: 200, batchSize: 10, slowEvery: 20 },
  { ...TENS, hosts: 1_000, batchSize: 50 },
  { ...TENS, hosts: 1_000, batchSize: 50, slowEvery: 250 },
];
const PARTS: readonly Part[] = ["core", "upgrade", "agent", "limits"];

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [...PARTS] },
    docs: { type: "boolean", default: false },
  },
});
const about = machineText(await readMachineFacts());
print(about);
if (values.only.includes("core")) tell("core", await measureCore(print));
if (values.only.includes("upgrade")) tellUpgrades();
if (values.only.includes("agent")) tell("agent", await measureAgent(print));
if (values.only.includes("limits")) await tellLimits();

function tell(part: Part, growths: readonly Growth[]): void {
  print(growths.map(growthText).join("\n\n"));
  if (values.docs) writeGrowths(part, growths, about);
}

async function tellLimits(): Promise<void> {
  const limits = [await measureStatus(print), await measureAnnouncements(print), await measurePeers(print)];
  const text = limits.map(limitText).join("\n\n");
  print(text);
  if (values.docs) writePart("limits", `${about}\n\n${text}`);
}

/** Writes after each one: the largest take minutes. */
function tellUpgrades(): void {
  const upgrades: SimulatedUpgrade[] = [];
  for (const scenario of UPGRADES) {
    const startMs = performance.now();
    upgrades.push({ scenario, outcome: simulate(scenario) });
    const table = upgradeTable(upgrades);
    print(`${table}\n\nsimulated in ${Math.round((performance.now() - startMs) / 1_000)} s\n`);
    if (values.docs) writePart("upgrade", table);
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
