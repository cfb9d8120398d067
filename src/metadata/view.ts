/** What the agent knows of metadata now: read in this run, saved by an earlier one, or this host alone. */
import type { Member } from "./members.ts";
import type { Snapshot } from "./snapshot.ts";

export interface MetadataView {
  readonly origin: "live" | "last-good" | "off";
  readonly snapshot: Snapshot;
  readonly members: readonly Member[];
}
