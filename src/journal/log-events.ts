/** Lines of keepalived's log that say why it does what it does, as entries of the journal. */
import { canonicalAddress } from "../network/address.ts";
import type { JournalEvent } from "./event.ts";

const LINK = /^Netlink reports (\S+) (down|up)$/;
const VIP_REMOVED = /^Netlink reflector reports IP (\S+) removed\b/;
const YIELDED = /^\(([^():\s]+)\) Master received advert from (\S+) with higher priority (\d+), ours (\d+)$/;
const OUTNUMBERED =
  /^\(([^():\s]+)\) Master received advert from (\S+) with same priority (\d+) but higher IP address than ours$/;
const CHILD_DIED = /^pid \d+ exited due to (.+)$/;

/** Undefined for a line that says nothing of that kind. */
export function journalEventOf(line: string): JournalEvent | undefined {
  const [, name, direction] = LINK.exec(line) ?? [];
  if (name !== undefined) return { kind: "link", interface: name, isUp: direction === "up" };
  const [, vip] = VIP_REMOVED.exec(line) ?? [];
  const removed = vip === undefined ? undefined : canonicalAddress(vip);
  if (removed !== undefined) return { kind: "address-lost", address: removed, isVip: true };
  const [, group, address, priority, ownPriority] = YIELDED.exec(line) ?? OUTNUMBERED.exec(line) ?? [];
  if (group !== undefined && address !== undefined) {
    return {
      kind: "yielded",
      group,
      address,
      priority: Number(priority),
      ownPriority: Number(ownPriority ?? priority),
    };
  }
  const [, cause] = CHILD_DIED.exec(line) ?? [];
  return cause === undefined
    ? undefined
    : { kind: "keepalived-ended", reason: `its VRRP process died (${cause})` };
}
