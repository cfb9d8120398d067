/** Which lost adverts end a silence: a lost advert looks like one that was not sent. */
import type { SpeakerKind } from "./bpf.ts";
import type { WantedInterface } from "./merge-targets.ts";

/** Adverts that came to an interface and were not read. */
export interface Loss {
  readonly interface: string;
  readonly speakers: SpeakerKind;
}

/**
 * Whether the subscriber may have missed an advert that it listens for. Lost adverts of members always count. Those of
 * other neighbours count if any neighbour may own the guarded address, or if no members are known. Those that crossed a
 * router never count.
 */
export function mayHaveMissed(wanted: WantedInterface, loss: Loss, members: readonly string[]): boolean {
  if (wanted.interface !== loss.interface) return false;
  const isAnybody = wanted.guarded !== undefined || members.length === 0;
  return loss.speakers === "members" || (loss.speakers === "neighbours" && isAnybody);
}
