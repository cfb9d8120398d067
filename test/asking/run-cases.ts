/** Plays the events of the cases with all settings in one run, so that a slower machine is slower for all of them. */
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DEFAULT_VIP as VIP } from "../e2e/lab/topology.ts";
import type { Arm } from "./arm.ts";
import type { Case, Variant } from "./case.ts";
import type { AskingOptions } from "./options.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { resultTable, type VariantResult } from "./result-table.ts";
import { Stage } from "./stage.ts";
import { breachesOf } from "./verdict.ts";

interface PlayedOutcome extends Outcome {
  /** Takeovers that the agents put down to a silent owner. An agent that was started again meanwhile counts from 0. */
  readonly asked: number;
}

interface Slot {
  readonly arm: Arm;
  stage: Stage;
}

/** @returns the breaches of the rule, and what could not be played. */
export async function runCases(options: AskingOptions, print: (text: string) => void): Promise<string[]> {
  const slots: Slot[] = [];
  const troubles: string[] = [];
  try {
    for (const arm of options.arms) slots.push({ arm, stage: await Stage.open(arm) });
    for (const each of options.cases) troubles.push(...(await runCase(each, slots, options, print)));
  } finally {
    await Promise.all(slots.map(({ stage }) => stage.close()));
  }
  return troubles;
}

async function runCase(
  each: Case,
  slots: readonly Slot[],
  options: AskingOptions,
  print: (text: string) => void,
): Promise<string[]> {
  print(`\n${each.name}: ${each.title}`);
  const results: VariantResult[] = [];
  const troubles: string[] = [];
  const rounds = each.isLasting ? 1 : options.rounds;
  for (const variant of each.variants) {
    const arms = slots.map(({ arm }) => ({ arm, outcomes: [] as Outcome[] }));
    const play = async (index: number): Promise<void> => {
      const slot = slots[index]!;
      try {
        const outcome = await playOnce(slot.stage, variant, options);
        arms[index]!.outcomes.push(outcome);
        record(options.jsonFile, { case: each.name, variant: variant.name, arm: slot.arm.name, ...outcome });
      } catch (error) {
        troubles.push(`${each.name}: ${variant.name}, ${slot.arm.name}: not played: ${describe(error)}`);
        print(troubles.at(-1)!);
        await slot.stage.close();
        slot.stage = await Stage.open(slot.arm);
      }
    };
    for (let round = 0; round < rounds; round += 1) {
      const order = round % 2 === 0 ? [...slots.keys()] : [...slots.keys()].toReversed();
      if (each.isTimed) for (const index of order) await play(index);
      else await Promise.all(order.map(play));
    }
    results.push({ variant, arms });
    const breaches = breachesOf(variant, arms).map((text) => `${each.name}: ${text}`);
    troubles.push(...breaches);
    print(
      [...arms.map((arm) => `  ${variant.name}, ${arm.arm.name}: ${brief(arm.outcomes)}`), ...breaches].join(
        "\n",
      ),
    );
  }
  print(`\n${resultTable(results)}`);
  return troubles;
}

async function playOnce(stage: Stage, variant: Variant, { seconds }: AskingOptions): Promise<PlayedOutcome> {
  const owner = await stage.owner();
  const askedBefore = await stage.takeoversByAsking();
  const played = await variant.play(stage, owner, { seconds });
  await sleep(variant.watchMs);
  await stage.calm();
  const event = { owner: owner.name, ...played, untilMs: Date.now() };
  const asked = (await stage.takeoversByAsking()) - askedBefore;
  return { ...outcomeOf(stage.lab.ownership.tenures(VIP), event), asked };
}

function record(file: string | undefined, line: object): void {
  if (file !== undefined)
    appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`);
}

function brief(outcomes: readonly Outcome[]): string {
  const takeovers = outcomes.map(({ takeoverMs }) =>
    takeoverMs === undefined ? "-" : Math.round(takeoverMs),
  );
  return `takes ${outcomes.map(({ takes }) => takes).join(" ")}; takeover ${takeovers.join(" ")} ms`;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
