/** The soak from its first host to its summary. */
import type { IptablesBackend } from "../e2e/lab/rancher-rules.ts";
import type { Fault } from "./fault.ts";
import { Fleet } from "./fleet.ts";
import { keepLogs } from "./kept-logs.ts";
import { Ledger } from "./ledger.ts";
import { Observer } from "./observer.ts";
import { planOf } from "./plan.ts";
import { awaitWell, type Outcome, runStep } from "./run-step.ts";
import { StallMeter } from "./stall-meter.ts";
import { outcomeLines, summaryTable } from "./summary.ts";
import { clock, type Note, timeline } from "./timeline.ts";
import { excesses } from "./verdict.ts";

export interface SoakRun {
  readonly minutes: number;
  readonly seed: number;
  readonly hosts: number;
  readonly backend: IptablesBackend;
  readonly faults: readonly Fault[];
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Of the timeline that is printed at once; all of it is in the logs that are kept. */
const SHOWN_LINES = 60;

/** @returns the exit status. By then nothing of the lab is left. */
export async function runSoak(run: SoakRun): Promise<number> {
  const { seed, minutes, hosts, backend, print, signal } = run;
  print(
    `seed ${seed}: ${hosts} hosts, iptables-${backend}, ${minutes} minutes (npm run soak -- --seed ${seed})`,
  );
  const outcomes: Outcome[] = [];
  const ledger = new Ledger(({ invariant, what }) => print(`          BROKEN ${invariant}: ${what}`));
  let fleet: Fleet | undefined;
  let failure: unknown;
  try {
    fleet = await Fleet.start({ hosts, backend });
    const end = (): void => void fleet?.close();
    signal.addEventListener("abort", end, { once: true });
    await strike(fleet, run, { ledger, outcomes });
  } catch (error) {
    // after the abort whatever fails does so because the lab is gone
    if (!signal.aborted) failure = error;
  } finally {
    await fleet?.close();
  }
  for (const line of summaryTable(outcomes)) print(line);
  print(
    `${ledger.held} invariants held, ${ledger.breaches.length} broken (seed ${seed}, ${outcomes.length} steps)`,
  );
  if (failure !== undefined) throw failure;
  return ledger.breaches.length === 0 ? 0 : 1;
}

interface Findings {
  readonly ledger: Ledger;
  readonly outcomes: Outcome[];
}

async function strike(fleet: Fleet, run: SoakRun, { ledger, outcomes }: Findings): Promise<void> {
  const { print, signal } = run;
  const notes: Note[] = [];
  const note = (text: string): void => void notes.push({ atMs: Date.now(), text });
  fleet.onRestart = ({ name }) => {
    print(`          the agent on ${name} ended by itself and is started again`);
    note(`the agent on ${name} ended by itself`);
  };
  const stalls = new StallMeter();
  const startMs = Date.now();
  const [spared] = fleet.lab.hosts;
  if (spared === undefined) throw new Error("the lab has no host");
  const observer = new Observer(fleet, ledger);
  try {
    const troubles = await awaitWell(fleet, signal);
    if (troubles.length > 0) throw new Error(`the hosts do not get well: ${troubles.join("; ")}`);
    await observer.open(signal);
    print(
      `${clock(Date.now())} all hosts are well, ${fleet.owner?.name} has the VIP; ${spared.name}'s agent is spared`,
    );
    for (const step of planOf(run.seed, run.faults)) {
      if (Date.now() > startMs + run.minutes * 60_000) break;
      const broken = ledger.breaches.length;
      const takeStallMs = (): number => stalls.take();
      const outcome = await runStep(step, { fleet, spared, signal, takeStallMs, onNote: note });
      outcomes.push(outcome);
      for (const line of outcomeLines(outcome, startMs)) print(line);
      ledger.check("cost", excesses(outcome.effect, outcome.allowance));
      ledger.check("well again", outcome.troubles);
      await observer.look();
      if (ledger.breaches.length > broken) {
        for (const line of timeline(fleet, notes, outcome.fromMs).slice(-SHOWN_LINES)) print(`    ${line}`);
      }
    }
    await observer.close();
    for (const line of observer.memoryLines()) print(line);
  } finally {
    stalls.close();
    observer.stop();
    if (ledger.breaches.length > 0 || !signal.aborted) await keep(fleet, notes, { ledger, print });
  }
}

async function keep(
  fleet: Fleet,
  notes: readonly Note[],
  { ledger, print }: { readonly ledger: Ledger; readonly print: (line: string) => void },
): Promise<void> {
  if (ledger.breaches.length === 0) return;
  print(`logs are kept in ${keepLogs(fleet, timeline(fleet, notes, 0))}`);
}
