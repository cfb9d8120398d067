/**
 * Makes hosts that are heard members. A host of the own environment that sends adverts with a VIP of this host's groups
 * is a member, whatever metadata says of its container, and stays one as long as it is heard.
 */
import type { Logger } from "pino";
import type { HostLookup } from "../metadata/io/host-lookup.ts";
import type { MetadataStore } from "../metadata/io/store.ts";

/** Adverts of one sender within this time say the same. */
const REPEAT_MS = 1_000;
/** Made-up senders must not cost memory. */
const MAX_SENDERS = 256;

export interface HeardMembers {
  /**
   * An advert came from this address, which may be made up.
   *
   * @param isDirect whether it is certain that the sender is on the same link and advertises a VIP of this host.
   * Otherwise it counts only for a member, or for one that left in this run.
   */
  note(address: string, isDirect: boolean): void;
}

export interface HeardMembersOptions {
  readonly metadata: MetadataStore;
  readonly hosts: HostLookup;
  /** The members have changed. */
  readonly onChange: () => void;
  readonly log: Logger;
}

export function createHeardMembers({ metadata, hosts, onChange, log }: HeardMembersOptions): HeardMembers {
  const lastMs = new Map<string, number>();

  const admit = (address: string, nowMs: number): boolean => {
    const member = hosts.isHost(address) === true ? hosts.memberAt(address) : undefined;
    if (member === undefined || !metadata.admit(member, nowMs)) return false;
    log.warn(
      { host: member.hostName, address },
      "adverts arrive from a host that metadata does not list: it is a member now",
    );
    return true;
  };
  return {
    note: (address, isDirect) => {
      const nowMs = performance.now();
      if (nowMs - (lastMs.get(address) ?? Number.NEGATIVE_INFINITY) < REPEAT_MS) return;
      const heard = metadata.hear(address, nowMs);
      const isNewMember =
        heard === "readmitted" || (heard === "unknown" && isDirect && admit(address, nowMs));
      // a stranger is asked for again at its next advert: the list of hosts may have been read by then
      if (heard !== "unknown" || isNewMember) {
        if (lastMs.size >= MAX_SENDERS) lastMs.clear();
        lastMs.set(address, nowMs);
      }
      if (!isNewMember) return;
      if (heard === "readmitted")
        log.warn({ address }, "member that had left is heard: it is a member again");
      onChange();
      metadata.save().catch((err: unknown) => log.warn({ err }, "metadata was not saved"));
    },
  };
}
