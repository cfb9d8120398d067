/** Outcomes of simulated upgrades as Markdown. */
import type { Outcome, Scenario } from "../../sim/simulation.ts";
import { formatValue } from "../format.ts";
import { summarize } from "../statistics.ts";

export interface SimulatedUpgrade {
  readonly scenario: Scenario;
  readonly outcome: Outcome;
}

const HEAD = [
  "hosts",
  "batch",
  "slow hosts",
  "seed",
  "took, min",
  "readings a host",
  "MB a host",
  "reloads a host",
  "lists differ at most, s",
  "unheard by the owner at most, s",
  "unheard by any host at most, s",
  "owners",
];

export function upgradeTable(upgrades: readonly SimulatedUpgrade[]): string {
  const rows = [HEAD, HEAD.map(() => "---:"), ...upgrades.map(rowOf)];
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function rowOf({ scenario, outcome }: SimulatedUpgrade): string[] {
  const { hosts, batchSize, slowEvery, seed } = scenario;
  const seconds = (ms: number) => formatValue(ms / 1_000);
  return [
    String(hosts),
    String(batchSize),
    String(slowEvery === undefined ? 0 : Math.ceil(hosts / slowEvery)),
    String(seed),
    formatValue(outcome.durationMs / 60_000),
    spread(outcome.readings),
    spread(outcome.bytes.map((bytes) => bytes / 1e6)),
    spread(outcome.reloads),
    seconds(outcome.longestDisagreementMs),
    seconds(outcome.longestUnheardByOwnerMs),
    seconds(outcome.longestUnheardByAnyMs),
    String(outcome.ownerChanges + 1),
  ];
}

function spread(values: readonly number[]): string {
  const { median, min, max } = summarize(values);
  return min === max
    ? formatValue(min)
    : `${formatValue(median)} (${formatValue(min)} to ${formatValue(max)})`;
}
