/** VRRP's packets (IP protocol 112) lost at a host, while everything else gets through. */
import type { Host } from "../lab/host.ts";

/** What a host loses: the others' adverts, its own, or both. */
export type Direction = "incoming" | "outgoing" | "both";

const CHAINS = { incoming: ["INPUT"], outgoing: ["OUTPUT"], both: ["INPUT", "OUTPUT"] } as const;

/** Drops the host's adverts from now on. @returns what lets them through again. */
export async function dropAdverts(host: Host, direction: Direction): Promise<() => Promise<void>> {
  const change = async (action: "-I" | "-D"): Promise<void> => {
    for (const chain of CHAINS[direction]) {
      await host.run(["iptables", "-w", "5", action, chain, "-p", "112", "-j", "DROP"]);
    }
  };
  await change("-I");
  return () => change("-D");
}
