/** The state files about the configuration that keepalived runs, and what the status says about the last reload. */
import * as v from "valibot";
import { type Instance, instanceSchema } from "../vrrp/instance.ts";

/**
 * The configuration that keepalived last confirmed: its text and its instances. The state file holds it without
 * passwords.
 */
export interface AppliedConf {
  readonly text: string;
  readonly instances: readonly Instance[];
}

const appliedSchema = v.object({
  text: v.pipe(v.string(), v.nonEmpty()),
  instances: v.array(instanceSchema),
});

/** Parses `applied.json`; undefined where it is missing or damaged. */
export function parseAppliedConf(json: unknown): AppliedConf | undefined {
  const result = v.safeParse(appliedSchema, json);
  return result.success ? result.output : undefined;
}

/** Parses `addresses.json`: the addresses that keepalived may have put on an interface. Empty where it is damaged. */
export function parseHeldAddresses(json: unknown): string[] {
  const result = v.safeParse(v.array(v.string()), json);
  return result.success ? result.output : [];
}

export interface ReloadStatus {
  /** ISO 8601. */
  readonly at: string;
  readonly outcome: "applied" | "refused" | "failed";
  /** From the reading of the template to keepalived's confirmation; undefined where it was not applied. */
  readonly durationMs: number | undefined;
  /** Undefined where it was applied. */
  readonly reason: string | undefined;
  /** What it changed, as clauses; empty where it is as in the run before. Undefined where it was not applied. */
  readonly changes?: readonly string[] | undefined;
}
