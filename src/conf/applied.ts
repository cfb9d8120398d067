import * as v from "valibot";
import type { Instance } from "../vrrp/instance.ts";
import { instanceSchema } from "../vrrp/instance.ts";

/** The configuration that keepalived last took, and the text that said it. Written down without passwords. */
export interface AppliedConf {
  readonly text: string;
  readonly instances: readonly Instance[];
}

const appliedSchema = v.object({
  text: v.pipe(v.string(), v.nonEmpty()),
  instances: v.array(instanceSchema),
});

/** The configuration that was remembered, or undefined where it is missing or damaged. */
export function parseAppliedConf(json: unknown): AppliedConf | undefined {
  const result = v.safeParse(appliedSchema, json);
  return result.success ? result.output : undefined;
}

/** The addresses that may still be on an interface of this host because an earlier keepalived put them there. */
export function parseHeldAddresses(json: unknown): string[] {
  const result = v.safeParse(v.array(v.string()), json);
  return result.success ? result.output : [];
}

export interface ReloadStatus {
  /** ISO 8601. */
  readonly at: string;
  readonly outcome: "applied" | "refused" | "failed";
  /** From the template to keepalived's own word. */
  readonly durationMs: number | undefined;
  /** Where it was not applied. */
  readonly reason: string | undefined;
}
