/** What is known of metadata at a moment. */
import type { Member } from "./members.ts";
import type { Snapshot } from "./snapshot.ts";

export interface MetadataView {
  readonly origin: "live" | "last-good" | "off";
  readonly snapshot: Snapshot;
  readonly members: readonly Member[];
}
