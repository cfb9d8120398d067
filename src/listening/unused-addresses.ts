/**
 * Addresses near another one that most likely have no machine. A machine that answers for all of them answers for every address,
 * as a router with proxy ARP does.
 */
import { canonicalAddress, isIpv6 } from "../network/address.ts";

/** A machine that answers for all of this many addresses answers for others. One alone may be in use. */
const COUNT = 3;
/** The steps between the addresses, large enough to miss VIPs that follow one another. */
const IPV4_STEP = 61;
const IPV6_STEP = 0x3d17;

/** The same each time, without the addresses in `taken`. @param address canonical. */
export function unusedNear(address: string, taken: ReadonlySet<string>): string[] {
  const found: string[] = [];
  for (let turn = 1; found.length < COUNT && turn < 254; turn += 1) {
    const next = isIpv6(address) ? ipv6Near(address, turn) : ipv4Near(address, turn);
    if (next !== undefined && next !== address && !taken.has(next)) found.push(next);
  }
  return found;
}

/** In the same /24, and neither its first address nor its last one: 61 and 254 have no common divisor. */
function ipv4Near(address: string, turn: number): string {
  const end = address.lastIndexOf(".") + 1;
  const last = ((Number(address.slice(end)) + IPV4_STEP * turn) % 254) + 1;
  return `${address.slice(0, end)}${last}`;
}

/** In the same /112. */
function ipv6Near(address: string, turn: number): string | undefined {
  const end = address.lastIndexOf(":") + 1;
  const last = (Number.parseInt(address.slice(end) || "0", 16) + IPV6_STEP * turn) & 0xffff;
  return canonicalAddress(`${address.slice(0, end)}${last.toString(16)}`);
}
