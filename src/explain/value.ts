/** Explains one value: what it is, which place gave it, and what happened to the values of other places. */

import type { KeyProblem, SettingProblem, ValueProblem } from "../settings/problem.ts";
import { type Row, settingName } from "../settings/row.ts";
import type { Source, Sourced } from "../settings/source.ts";
import type { Shown } from "../settings/value-kind.ts";
import { HIDDEN } from "../text/escape.ts";

/**
 * Where a value came from: a place of settings, or `derived` by the agent, or `host` (Rancher's description of a host),
 * or `memory` (an earlier reading of metadata).
 */
export interface Origin {
  readonly kind: Source["kind"] | "derived" | "host" | "memory";
  /** What is set there. For `default` and `derived`: the setting that would change it. */
  readonly name: string;
}

export interface ExplainedValue {
  /** Null where there is none. */
  readonly value: Shown;
  readonly unit?: "s";
  readonly source: Origin;
  /** One clause. Left out where the source alone explains the value. */
  readonly reason?: string;
  /** Usable values of lower places, from the highest to the lowest. */
  readonly overridden: readonly { readonly value: Shown; readonly source: Source }[];
  /** Values of any place that cannot be used. */
  readonly refused: readonly RefusedValue[];
}

/** `value` is escaped. It is `(hidden)` where it is a secret or may be one. */
export type RefusedValue = Omit<ValueProblem, "setting"> | Omit<KeyProblem, "setting">;

/** The values of one setting at all its places. */
interface SettingValues {
  /** The value in use. Undefined where none is set. */
  readonly winner: Sourced<unknown> | undefined;
  /** Every usable value, from the highest place to the lowest. */
  readonly candidates: readonly Sourced<unknown>[];
  /** Problems of this setting and of others. */
  readonly problems: readonly SettingProblem[];
}

export function explainSetting(row: Row, { winner, candidates, problems }: SettingValues): ExplainedValue {
  const name = settingName(row);
  // a default wins only where no place has a usable value
  const isSet = winner !== undefined && candidates.includes(winner);
  const overridden = isSet ? candidates.slice(candidates.indexOf(winner) + 1) : [];
  const reason = winner === undefined ? row.defaultNote : winner.because;
  return {
    value: winner === undefined ? null : showValue(row, winner.value),
    ...(row.unit && { unit: row.unit }),
    source: winner?.source ?? { kind: "default", name },
    ...(reason === undefined ? {} : { reason }),
    overridden: overridden.map(({ value, source }) => ({ value: showValue(row, value), source })),
    refused: problems.filter(({ setting }) => setting === name).map(withoutSetting),
  };
}

export function withoutSetting({ setting: _, ...refused }: SettingProblem): RefusedValue {
  return refused;
}

/** The same explanation, with a derived value. */
export function derivedValue(known: ExplainedValue, row: Row, value: Shown, reason: string): ExplainedValue {
  return { ...known, value, source: { kind: "derived", name: settingName(row) }, reason };
}

export function showValue(row: Row, value: unknown): Shown {
  if (row.isSecret) return HIDDEN;
  return row.kind.show?.(value) ?? (value as Shown);
}
