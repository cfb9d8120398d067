/** Looks on this host for what keeps the kernel from sending a group's adverts. */
import { findBlocker } from "../../iptables/filter-walk.ts";
import { readFilterTables } from "../../iptables/io/filter-tables.ts";
import { familyOf } from "../../network/address.ts";
import { readSysctl } from "../../system/io/proc.ts";
import type { Instance } from "../../vrrp/instance.ts";
import { advertDestinations } from "../unsent-adverts.ts";
import { explainUnsent } from "../unsent-cause.ts";

/** Never rejects. */
export async function lookForUnsentCause(
  instance: Instance,
  error: string,
  signal: AbortSignal,
): Promise<string> {
  const tracked = readSysctl("net.netfilter.nf_conntrack_count");
  const trackedMax = readSysctl("net.netfilter.nf_conntrack_max");
  return explainUnsent({ error, blocker: await readBlocker(instance, signal), tracked, trackedMax });
}

async function readBlocker(instance: Instance, signal: AbortSignal): Promise<string | undefined> {
  const [destination = ""] = advertDestinations(instance);
  const advert = {
    direction: "out",
    interface: instance.interface,
    source: instance.unicast?.source,
    destination,
  } as const;
  const reads = await readFilterTables([familyOf(destination)], signal);
  const blockers = reads.map(({ read }) =>
    read.kind === "table" ? findBlocker(read.text, advert) : undefined,
  );
  return blockers.find((blocker) => blocker !== undefined);
}
