/** Which lost adverts end a silence: what is lost cannot be told from what was not sent. */
import type { SpeakerKind } from "./bpf.ts";
import type { WantedInterface } from "./merge-targets.ts";

/** Adverts that came to an interface and were not read. */
export interface Loss {
  readonly interface: string;
  readonly speakers: SpeakerKind;
}

/**
 * Whether the subscriber may have missed what it listens for. Members' adverts always count. Those of other neighbours count
 * where any neighbour may own the guarded address, or where no members are known. What came through a router never counts.
 */
export function mayHaveMissed(wanted: WantedInterface, loss: Loss, members: readonly string[]): boolean {
  if (wanted.interface !== loss.interface) return false;
  const isAnybody = wanted.guarded !== undefined || members.length === 0;
  return loss.speakers === "members" || (loss.speakers === "neighbours" && isAnybody);
}
