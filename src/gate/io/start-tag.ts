/** One attempt to have the gate's tag set on this host. */
import type { Logger } from "pino";
import type { GateFamily } from "../tables.ts";
import { openTag, probeOwnerTables, SET_TIMEOUT_MS, type Tag, type TagOptions } from "./tag.ts";

/** `set`: its process runs, for these families. `failed`: no process of it is left. */
export type TagAttempt =
  | {
      readonly phase: "set";
      readonly tag: Tag;
      readonly families: readonly GateFamily[];
      /** Why other families have none. */
      readonly reason: string | undefined;
      /** Ends the process, and the tag with it. */
      end(): void;
    }
  | { readonly phase: "failed"; readonly reason: string };

export interface StartTagOptions extends Pick<TagOptions, "onTag" | "onGateEvent" | "onRules"> {
  /** The number of families that have the tag now. An attempt that does not raise it has failed. */
  readonly tagged: number;
  readonly log: Logger;
  /** Its abort ends the process. */
  readonly signal: AbortSignal;
  /** Its abort ends the attempt, and does nothing after it. */
  readonly giveUp: AbortSignal;
}

/** Takes a few seconds at most. Never rejects. */
export async function startTag({ tagged, signal, giveUp, ...options }: StartTagOptions): Promise<TagAttempt> {
  const { families, reason } = await probeOwnerTables(giveUp);
  if (families.length <= tagged) return { phase: "failed", reason: reason ?? "no family has one" };
  const end = new AbortController();
  const tag = openTag({ ...options, families, signal: AbortSignal.any([signal, end.signal]) });
  if (await tag.wait(SET_TIMEOUT_MS, giveUp)) {
    return { phase: "set", tag, families, reason, end: () => end.abort() };
  }
  end.abort();
  await tag.monitor.ended;
  return { phase: "failed", reason: "the nft process that would set its tag does not start" };
}
