/** Names clients for people: `clients of 198.51.100.0/24`, `a few clients`, `some clients`. */
import type { Family } from "../network/address.ts";
import { addressText, lastOf } from "../network/masked-network.ts";
import { type AddressRanges, sizeOf, uniteAll } from "./address-ranges.ts";
import type { Flow } from "./client-flow.ts";

/** More networks than these are counted. */
const NAMED_NETWORKS = 3;

/** Undefined where they are all clients. */
export function nameClients(clients: Flow, family: Family): string | undefined {
  const everybody = lastOf(family) + 1n;
  const counted = clients.filter(({ isFew }) => !isFew);
  if (counted.length === 0) return "a few clients";
  const sources = uniteAll(counted.map((portion) => portion.sources));
  const isSome = counted.every(({ isDoubtful }) => isDoubtful);
  if (sizeOf(sources) === everybody) return isSome ? "some clients" : undefined;
  return `${isSome ? "some " : ""}clients of ${networksText(sources, family)}`;
}

function networksText(sources: AddressRanges, family: Family): string {
  const networks = sources.flatMap((range) => networksOf(range, family));
  if (networks.length <= NAMED_NETWORKS) return networks.join(", ");
  const others = networks.length - NAMED_NETWORKS;
  return `${networks.slice(0, NAMED_NETWORKS).join(", ")} and ${others} more networks`;
}

/** The fewest networks that make up the range. */
function networksOf([first, last]: AddressRanges[number], family: Family): string[] {
  const networks: string[] = [];
  const bits = family === "ipv4" ? 32 : 128;
  for (let base = first; base <= last; ) {
    let hostBits = 0;
    while (hostBits < bits) {
      const size = 1n << BigInt(hostBits + 1);
      if (base % size !== 0n || base + size - 1n > last) break;
      hostBits += 1;
    }
    networks.push(networkText(base, bits - hostBits, family));
    base += 1n << BigInt(hostBits);
  }
  return networks;
}

function networkText(base: bigint, prefix: number, family: Family): string {
  const address = addressText({ family, number: base });
  return prefix === (family === "ipv4" ? 32 : 128) ? address : `${address}/${prefix}`;
}
