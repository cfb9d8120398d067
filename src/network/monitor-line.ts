/**
 * Judges a line of `ip -o monitor link address route`: whether it may change what is derived from this host's network.
 *
 * Links and addresses begin with the interface's index, routes with their destination. `Deleted ` precedes what was
 * removed. A line may still have the name that an interface had before a rename, so only the kind and the address are
 * read.
 */
import { canonicalAddress } from "./address.ts";

const LINK_OR_ADDRESS = /^(?:Deleted )?\d+: (?:\S+ +inet6? ([^ /]+))?/;
/** A type such as `unreachable` may come before `default`. */
const DEFAULT_ROUTE = /^(?:Deleted )?(?:[a-z]+ )?default /;
/** Of an address, after its scope. */
const TENTATIVE = / scope \S+ (?:\S+ )*(?:tentative|dadfailed) /;
/** Only a route outside of the main table has one. */
const OTHER_TABLE = / table /;

/**
 * Whether the network has to be read again after this line: a link, an address that is not a VIP, or a default route of
 * the main table.
 *
 * @param isVip whether keepalived adds and removes a canonical address.
 */
export function isNetworkChange(line: string, isVip: (address: string) => boolean): boolean {
  const linkOrAddress = LINK_OR_ADDRESS.exec(line);
  if (linkOrAddress === null) return DEFAULT_ROUTE.test(line) && !OTHER_TABLE.test(line);
  const address = canonicalAddress(linkOrAddress[1] ?? "");
  return address === undefined || !isVip(address);
}

/** Whether a VIP was added, changed or removed. */
export function isVipChange(line: string, isVip: (address: string) => boolean): boolean {
  const address = canonicalAddress(LINK_OR_ADDRESS.exec(line)?.[1] ?? "");
  return address !== undefined && isVip(address);
}

/** The canonical address that was removed from an interface; undefined where the line says something else. */
export function removedAddress(line: string): string | undefined {
  return line.startsWith("Deleted ") ? canonicalAddress(LINK_OR_ADDRESS.exec(line)?.[1] ?? "") : undefined;
}

/** The canonical address that cannot send yet, or for which duplicate address detection failed; undefined for others. */
export function tentativeAddress(line: string): string | undefined {
  if (line.startsWith("Deleted ") || !TENTATIVE.test(line)) return undefined;
  return canonicalAddress(LINK_OR_ADDRESS.exec(line)?.[1] ?? "");
}

/**
 * Whether the kernel removed the address at the end of its lifetime. An address that is removed earlier has a second left
 * at least: the kernel counts whole seconds, and rounds up.
 */
export function isLapse(line: string): boolean {
  return removedAddress(line) !== undefined && / valid_lft 0sec /.test(line);
}
