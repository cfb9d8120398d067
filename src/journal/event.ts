/**
 * What happened on this host that may move a VIP: the entries of STATE_DIR/journal.jsonl, one JSON object a line.
 *
 * Values that whoever edits a label or metadata chose are named and never told; texts of others are quoted and short.
 */
import * as v from "valibot";
import type { Succession } from "../keepalived/previous-owner.ts";
import type { MetadataChange } from "../metadata/changes.ts";

export type JournalEvent =
  | { readonly kind: "agent-started"; readonly version: string }
  | { readonly kind: "agent-stopping" }
  | { readonly kind: "agent-stopped" }
  /** It did not run for that long: stopped, starved or swapped out. */
  | { readonly kind: "agent-frozen"; readonly durationMs: number }
  | { readonly kind: "host"; readonly name: string; readonly uuid: string }
  | { readonly kind: "keepalived-started" }
  | { readonly kind: "keepalived-ended"; readonly reason: string }
  | { readonly kind: "transition"; readonly group: string; readonly from: string; readonly to: string }
  /** What became of the owner before this host. */
  | {
      readonly kind: "succession";
      readonly group: string;
      readonly how: Succession;
    }
  | {
      readonly kind: "check";
      readonly group: string;
      readonly check: string;
      readonly verdict: "healthy" | "unhealthy" | "unknown";
      readonly reason: string;
      /** ISO 8601, the first of the looks that made the verdict. */
      readonly onset: string;
    }
  /** `by` undefined: no longer. */
  | { readonly kind: "drain"; readonly group: string; readonly by?: string | undefined }
  /** The group is held back, whatever its checks say; `reason` undefined: no longer. */
  | { readonly kind: "hold"; readonly group: string; readonly reason?: string | undefined }
  | {
      readonly kind: "reload";
      readonly outcome: "applied" | "refused" | "failed";
      readonly durationMs?: number | undefined;
      readonly reason?: string | undefined;
    }
  | { readonly kind: "metadata"; readonly changes: readonly MetadataChange[] }
  | { readonly kind: "metadata-source"; readonly source: string }
  | { readonly kind: "link"; readonly interface: string; readonly isUp: boolean }
  /** `isVip`: one of keepalived's, taken away by somebody else. */
  | { readonly kind: "address-lost"; readonly address: string; readonly isVip: boolean }
  | {
      readonly kind: "yielded";
      readonly group: string;
      readonly address: string;
      readonly priority: number;
      readonly ownPriority: number;
    }
  /** Who owns the group after this host: the name of a host, or an address that metadata does not know. */
  | { readonly kind: "taken-over"; readonly group: string; readonly by: string }
  /** A planned change of a group begins, or is over. */
  | { readonly kind: "change"; readonly group: string; readonly to?: string | undefined }
  | { readonly kind: "problem"; readonly part: string; readonly text?: string | undefined }
  /** `isOver`: no longer suspected. */
  | {
      readonly kind: "split-brain";
      readonly group: string;
      readonly cause: string;
      readonly text: string;
      readonly isOver: boolean;
    }
  | { readonly kind: "contradiction"; readonly text: string; readonly isOver: boolean };

/** `at`: ISO 8601 in UTC. */
export type JournalEntry = { readonly at: string } & JournalEvent;

const entrySchema = v.looseObject({ at: v.pipe(v.string(), v.isoTimestamp()), kind: v.string() });

/** The entry of a line; undefined for one that is damaged: the host may have lost power while it was written. */
export function parseEntry(line: string): JournalEntry | undefined {
  try {
    // the agent alone writes there; what another version wrote is shown as it is
    return v.parse(entrySchema, JSON.parse(line)) as JournalEntry;
  } catch {
    return undefined;
  }
}
