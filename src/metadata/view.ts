/** The metadata that the agent uses now: a snapshot, its members, and where they come from. */
import type { Member } from "./members.ts";
import type { Snapshot } from "./snapshot.ts";

export interface MetadataView {
  /** `live`: read in this run. `last-good`: saved by an earlier run. `off`: this host alone, without metadata. */
  readonly origin: "live" | "last-good" | "off";
  readonly snapshot: Snapshot;
  readonly members: readonly Member[];
}
