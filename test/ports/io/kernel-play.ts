/** Plays nat tables against the kernel: those of the table test, and random ones until one is judged wrongly. */
import fc from "fast-check";
import { saveOf } from "../../fixtures/nat-saves.ts";
import { EARLIER_RULES, saveOfAll } from "../earlier-tables.ts";
import { beforeHook, CHAINS, HOOKS, hooked, NO_HOOKS, RULES_BEFORE_HOOK } from "../foreign-rules.ts";
import { ASKED_PORTS, PROGRAM_TABLES } from "../program-tables.ts";
import { TABLES_BEFORE } from "../program-tables-before.ts";
import { play } from "./kernel-claims.ts";
import { type KernelLabOptions, openKernelLab } from "./kernel-lab.ts";
import { natTable, QUESTIONS, type RandomTablesOptions } from "./random-tables.ts";

export interface PlayOptions extends KernelLabOptions, RandomTablesOptions {
  /** Each is asked three questions. */
  readonly tables: number;
  /** The same seed plays the same tables. */
  readonly seed: number;
}

export type Verdicts = Record<"healthy" | "unhealthy" | "unknown", number>;

/** @returns how many questions had each verdict. @throws with the smallest table that is judged wrongly. */
export async function playTables({
  tables,
  seed,
  withDrops = false,
  ...where
}: PlayOptions): Promise<Verdicts> {
  const verdicts: Verdicts = { healthy: 0, unhealthy: 0, unknown: 0 };
  const lab = await openKernelLab(where);
  const property = fc.asyncProperty(natTable(where.uplink, { withDrops }), async (table) => {
    const played = await play(lab, table, QUESTIONS);
    const faults = played.flatMap((question) => question.faults);
    if (faults.length > 0) throw new Error(`${faults.slice(0, 3).join("\n")}\n${table}`);
    for (const { verdict } of played) verdicts[verdict] += 1;
  });
  try {
    await fc.assert(property, { numRuns: tables, seed });
  } finally {
    await lab.remove();
  }
  return verdicts;
}

/** Sets and countries need programs that fill them, and no iptables takes what it cannot read. */
const UNPLAYABLE = /-m set|-m geoip|-j SET|unsupported|unheard/i;

/** @returns the number of tables. @throws with every one of `foreign-rules.ts` of which the kernel makes something else. */
export async function playForeignRules(where: KernelLabOptions): Promise<number> {
  const cases = [
    ...RULES_BEFORE_HOOK.map(({ rules, is }) => ({ lines: beforeHook(...rules), is })),
    ...HOOKS.map((match) => ({ lines: hooked(match), is: "healthy" })),
    ...NO_HOOKS.map((match) => ({ lines: hooked(match), is: "unhealthy" })),
  ].filter(({ lines }) => !UNPLAYABLE.test(lines.join("\n")));
  const lab = await openKernelLab(where);
  const faults: string[] = [];
  try {
    for (const { lines, is } of cases) {
      const [played] = await play(lab, saveOf(lines, CHAINS), [{ protocol: "tcp", port: 80 }]);
      if (played?.verdict !== is) faults.push(`is ${played?.verdict}, not ${is}`, ...lines);
      if (played !== undefined && played.faults.length > 0) faults.push(...played.faults, ...lines);
    }
  } finally {
    await lab.remove();
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return cases.length;
}

/** Those of `earlier-tables.ts`. @returns the number of tables. @throws with every one that the kernel decides otherwise. */
export async function playEarlierTables(where: KernelLabOptions): Promise<number> {
  const cases = EARLIER_RULES.filter((rules) => !UNPLAYABLE.test(JSON.stringify(rules)));
  const lab = await openKernelLab(where);
  const faults: string[] = [];
  try {
    for (const rules of cases) {
      const [played] = await play(lab, saveOfAll(rules), [{ protocol: "tcp", port: 80 }]);
      const wrong = played?.verdict === rules.is ? [] : [`is ${played?.verdict}`];
      for (const fault of [...wrong, ...(played?.faults ?? [])])
        faults.push(`${JSON.stringify(rules)}: ${fault}`);
    }
  } finally {
    await lab.remove();
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return cases.length;
}

/** Those of `program-tables.ts`. @returns the number of questions. @throws with every one that the kernel decides otherwise. */
export async function playProgramTables(where: KernelLabOptions): Promise<number> {
  const tables = [...PROGRAM_TABLES, ...TABLES_BEFORE];
  const lab = await openKernelLab(where);
  const faults: string[] = [];
  try {
    for (const { program, save, verdicts } of tables) {
      const played = await play(lab, save, ASKED_PORTS);
      const said = played.map(({ verdict }) => verdict.slice(0, verdict === "unknown" ? 2 : 1)).join("");
      if (said !== verdicts) faults.push(`${program}: ${said}, not ${verdicts}`);
      faults.push(...played.flatMap((question) => question.faults.map((fault) => `${program}: ${fault}`)));
    }
  } finally {
    await lab.remove();
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return tables.length * ASKED_PORTS.length;
}
