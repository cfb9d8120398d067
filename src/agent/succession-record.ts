/**
 * Records how this host became owner of a group: what the previous owner did, or why this host could not hear it. An owner is
 * called silent only where this host's own rules and list of peers would have let its adverts through.
 */
import type { JournalEvent } from "../journal/event.ts";
import type { Journal } from "../journal/io/journal.ts";
import type { PreviousOwner } from "../keepalived/previous-owner.ts";
import type { FindDeafness } from "../listening/io/find-deafness.ts";
import type { LastAdverts } from "../listening/last-adverts.ts";
import type { HostNameOf } from "../text/host-text.ts";
import type { Instance } from "../vrrp/instance.ts";

type Succession = Extract<JournalEvent, { kind: "succession" }>;

export interface SuccessionRecordOptions {
  readonly lastAdverts: Pick<LastAdverts, "previousOwner" | "strangerOf">;
  /** The group as keepalived runs it. */
  readonly findInstance: (group: string) => Instance | undefined;
  readonly findDeafness: FindDeafness;
  /** Address of the owner that was heard last before this host. */
  readonly ownerBefore: (group: string) => string | undefined;
  readonly hostNameOf: HostNameOf;
  readonly record: Journal["record"];
}

/** Returns a function that takes each group that this host became owner of, and what keepalived's counters say. */
export function createSuccessionRecord({
  lastAdverts,
  findInstance,
  findDeafness,
  ownerBefore,
  hostNameOf,
  record,
}: SuccessionRecordOptions): (group: string, counted: PreviousOwner) => void {
  const recordLooking = async (succession: Succession, stranger: string | undefined) => {
    const { group } = succession;
    const instance = findInstance(group);
    const reason =
      stranger === undefined
        ? instance && (await findDeafness(instance, ownerBefore(group)))
        : `${stranger} sends adverts and is not a peer of this host`;
    if (reason !== undefined) record({ kind: "deaf", group, reason });
    record(succession);
  };
  return (group, counted) => {
    const how = lastAdverts.previousOwner(group, counted);
    const stranger = lastAdverts.strangerOf(group, performance.now());
    const address = how === "none-heard" ? undefined : ownerBefore(group);
    const owner = address && (hostNameOf(address) ?? address);
    const succession = { kind: "succession", group, how, owner } as const;
    if (how === "given-up") record(succession);
    else void recordLooking(succession, stranger);
  };
}
