/** The lines of keepalived's log that say why it acts, as journal events. */
import type { LogLine } from "../keepalived/log-line.ts";
import { canonicalAddress } from "../network/address.ts";
import type { HostNameOf } from "../text/host-text.ts";
import type { JournalEvent } from "./event.ts";

/** Undefined for a line that gives no reason. */
export function journalEventOf(line: LogLine, nameOf: HostNameOf): JournalEvent | undefined {
  switch (line.kind) {
    case "link-down":
    case "link-up":
      return { kind: "link", interface: line.interface, isUp: line.kind === "link-up" };
    case "vip-removed": {
      const address = canonicalAddress(line.address);
      return address === undefined ? undefined : { kind: "address-lost", address, isVip: true };
    }
    case "yielded": {
      const { instance: group, address, priority, ownPriority } = line;
      return { kind: "yielded", group, address, host: nameOf(address), priority, ownPriority };
    }
    case "vrrp-process-died":
      return { kind: "keepalived-ended", reason: `its VRRP process died (${line.cause})` };
    default:
      return undefined;
  }
}
