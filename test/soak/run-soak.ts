/** The soak from its first host to its summary. */
import type { IptablesBackend } from "../e2e/lab/rancher-rules.ts";
import type { Fault } from "./fault.ts";
import { Fleet } from "./fleet.ts";
import { keepLogs } from "./kept-logs.ts";
import { Ledger } from "./ledger.ts";
import { Observer } from "./observer.ts";
import { planOf, type Step } from "./plan.ts";
import { awaitWell, type Outcome, runStep, type StepOptions } from "./run-step.ts";
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

/** What each step needs. */
interface Bench extends StepOptions {
  readonly observer: Observer;
  readonly notes: readonly Note[];
  readonly startMs: number;
}

async function strike(fleet: Fleet, run: SoakRun, findings: Findings): Promise<void> {
  const { print, signal } = run;
  const { ledger } = findings;
  const notes: Note[] = [];
  const onNote = (text: string): void => void notes.push({ atMs: Date.now(), text });
  fleet.onRestart = ({ name }) => {
    onNote(`the agent on ${name} ended by itself`);
    print(`           the agent on ${name} ended by itself and is started again`);
  };
  const stalls = new StallMeter();
  const observer = new Observer(fleet, ledger);
  const spared = fleet.lab.host("h1");
  const startMs = Date.now();
  let isOver = false;
  try {
    const troubles = await awaitWell(fleet, signal);
    if (troubles.length > 0) throw new Error(`the hosts do not get well: ${troubles.join("; ")}`);
    await observer.open(signal);
    print(`${clock(Date.now())} all are well, ${fleet.owner?.name} has the VIP; no fault ends h1's agent`);
    const takeStallMs = (): number => stalls.take();
    // a slow start takes nothing from the time for faults
    const beganMs = Date.now();
    const bench = { fleet, spared, signal, takeStallMs, onNote, observer, notes, startMs };
    for (const step of planOf(run.seed, run.faults)) {
      if (Date.now() > beganMs + run.minutes * 60_000) break;
      await takeStep(step, bench, { ...findings, print });
    }
    await observer.close();
    for (const line of observer.memoryLines()) print(line);
    isOver = true;
  } finally {
    stalls.close();
    observer.stop();
    const isFine = (isOver || signal.aborted) && ledger.breaches.length === 0;
    if (!isFine) print(`logs are kept in ${keepLogs(fleet, timeline(fleet, notes, 0))}`);
  }
}

/** Runs the step and judges it; what broke is followed by what happened meanwhile. */
async function takeStep(
  step: Step,
  bench: Bench,
  { ledger, outcomes, print }: Findings & Pick<SoakRun, "print">,
): Promise<void> {
  const { fleet, notes, observer, startMs } = bench;
  const broken = ledger.breaches.length;
  const outcome = await runStep(step, bench);
  outcomes.push(outcome);
  for (const line of outcomeLines(outcome, startMs)) print(line);
  ledger.check("cost", excesses(outcome.effect, outcome.allowance));
  ledger.check("well again", outcome.troubles);
  await observer.look();
  if (ledger.breaches.length === broken) return;
  for (const line of timeline(fleet, notes, outcome.fromMs).slice(-SHOWN_LINES)) print(`    ${line}`);
}
