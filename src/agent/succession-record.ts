/**
 * Records how this host became owner of a group: what the previous owner did, or why this host could not hear it. An owner is
 * called silent only where this host's own rules and list of peers would have let its adverts through.
 */
import type { Journal } from "../journal/io/journal.ts";
import type { PreviousOwner } from "../keepalived/previous-owner.ts";
import type { FindDeafness } from "../listening/io/find-deafness.ts";
import type { LastWords } from "../listening/last-word.ts";
import type { Instance } from "../vrrp/instance.ts";

export interface SuccessionRecordOptions {
  readonly lastWords: Pick<LastWords, "previousOwner" | "strangerOf">;
  /** The group as keepalived runs it. */
  readonly findInstance: (group: string) => Instance | undefined;
  readonly findDeafness: FindDeafness;
  readonly record: Journal["record"];
}

/** Returns a function that takes each group that this host became owner of, and what keepalived's counters say. */
export function createSuccessionRecord({
  lastWords,
  findInstance,
  findDeafness,
  record,
}: SuccessionRecordOptions): (group: string, counted: PreviousOwner) => void {
  const recordLooking = async (group: string, how: PreviousOwner, stranger: string | undefined) => {
    const instance = findInstance(group);
    const reason =
      stranger === undefined
        ? instance && (await findDeafness(instance))
        : `${stranger} sends adverts and is no peer of this host`;
    if (reason !== undefined) record({ kind: "deaf", group, reason });
    record({ kind: "succession", group, how });
  };
  return (group, counted) => {
    const how = lastWords.previousOwner(group, counted);
    const stranger = lastWords.strangerOf(group, performance.now());
    if (how === "given-up") record({ kind: "succession", group, how });
    else void recordLooking(group, how, stranger);
  };
}
