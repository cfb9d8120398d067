/**
 * The entries of STATE_DIR/journal.jsonl, one JSON object per line: what happened on this host that may move a VIP.
 *
 * Labels and metadata keys are recorded by name, never by value. Texts from outside are quoted and short.
 */

import * as v from "valibot";
import type { PreviousOwner } from "../keepalived/previous-owner.ts";
import type { MetadataChange } from "../metadata/changes.ts";

/** The groups on that link or with that VIP, sorted. Absent where they are not known: any group may be affected. */
interface AffectedGroups {
  readonly groups?: readonly string[] | undefined;
}

export type JournalEvent =
  | { readonly kind: "agent-started"; readonly version: string }
  | { readonly kind: "agent-stopping" }
  | { readonly kind: "agent-stopped" }
  /** The agent did not run for that long, 2 s or more: it was stopped, starved or swapped out. */
  | { readonly kind: "agent-frozen"; readonly durationMs: number }
  | { readonly kind: "host"; readonly name: string; readonly uuid: string }
  | { readonly kind: "keepalived-started" }
  | { readonly kind: "keepalived-ended"; readonly reason: string }
  | { readonly kind: "transition"; readonly group: string; readonly from: string; readonly to: string }
  /** How the previous owner ceased to be owner. */
  | {
      readonly kind: "succession";
      readonly group: string;
      readonly how: PreviousOwner;
      /** Name of the previous owner's host, or its address where metadata does not list that. */
      readonly owner?: string | undefined;
    }
  /** The owner did not answer for its VIP, so this host takes over before its adverts have been missing for long. */
  | {
      readonly kind: "owner-unanswered";
      readonly group: string;
      /** Name of the owner's host, or its address where metadata does not list that. */
      readonly owner: string;
      readonly questions: number;
      readonly windowMs: number;
      /** Since its last advert. */
      readonly silenceMs: number;
      /** It answered for its own address all the while, but for no VIP. */
      readonly hasAnsweredForItself: boolean;
    }
  /** This host took over because it could not hear the owner. `reason` is a clause. */
  | { readonly kind: "deaf"; readonly group: string; readonly reason: string }
  | {
      readonly kind: "check";
      readonly group: string;
      readonly check: string;
      readonly verdict: "healthy" | "unhealthy" | "unknown";
      readonly reason: string;
      /** ISO 8601, time of the first probe that led to the verdict. */
      readonly onset: string;
    }
  /** `by` is undefined when the drain ends. */
  | { readonly kind: "drain"; readonly group: string; readonly by?: string | undefined }
  /** The group may not own its VIPs, even if its checks pass. `reason` is undefined when the hold ends. */
  | { readonly kind: "hold"; readonly group: string; readonly reason?: string | undefined }
  | {
      readonly kind: "reload";
      /** `withdrawn`: what was refused is no longer wanted. */
      readonly outcome: "applied" | "refused" | "failed" | "withdrawn";
      readonly durationMs?: number | undefined;
      readonly reason?: string | undefined;
      /** What an applied configuration changed, as clauses. */
      readonly changes?: readonly string[] | undefined;
    }
  | { readonly kind: "metadata"; readonly changes: readonly MetadataChange[] }
  | { readonly kind: "metadata-source"; readonly source: string }
  | ({ readonly kind: "link"; readonly interface: string; readonly isUp: boolean } & AffectedGroups)
  /** `isVip`: it was one of keepalived's VIPs, and another program removed it. */
  | ({ readonly kind: "address-lost"; readonly address: string; readonly isVip: boolean } & AffectedGroups)
  /** `lack`: why this host has no gate, or not for each of its VIPs. It is undefined when the gate came after all. */
  | { readonly kind: "gate"; readonly lack?: string | undefined }
  /** The kernel removed a VIP, because nothing renewed its lifetime. */
  | ({ readonly kind: "lease-ended"; readonly address: string } & AffectedGroups)
  | {
      readonly kind: "yielded";
      readonly group: string;
      readonly address: string;
      /** Name of the host with that address, where metadata lists it. */
      readonly host?: string | undefined;
      readonly priority: number;
      readonly ownPriority: number;
    }
  /**
   * The next owner after this host: a host's name, or an address that is not in metadata. `since`: its first advert, ISO 8601.
   * `afterMs`: from this host's release to that; undefined where it was owner before, as while this host was stopped.
   */
  | {
      readonly kind: "taken-over";
      readonly group: string;
      readonly by: string;
      readonly since?: string | undefined;
      readonly afterMs?: number | undefined;
    }
  /** A planned change of a group begins. `to` is undefined when it ends: `despite` an owner that has not changed. */
  | {
      readonly kind: "change";
      readonly group: string;
      readonly to?: string | undefined;
      readonly despite?: string | undefined;
    }
  /** Further lines like the one before are left out, until there are fewer within an hour. */
  | { readonly kind: "left-out"; readonly of: string; readonly linesAnHour: number }
  | { readonly kind: "problem"; readonly part: string; readonly text?: string | undefined }
  /** `isOver`: the suspicion has ended. */
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

/** Undefined for a damaged line: the host may have lost power while it was written. */
export function parseEntry(line: string): JournalEntry | undefined {
  try {
    // only the agent writes this file; an entry of another version is shown unchanged
    return v.parse(entrySchema, JSON.parse(line)) as JournalEntry;
  } catch {
    return undefined;
  }
}
