/**
 * Which lines of `ip -o monitor link address route` may change what is derived from this host's network.
 *
 * Links and addresses begin with the interface's index, routes with their destination; each after `Deleted `, if it is
 * gone. Names in a line may be those of before a rename, so nothing but the kind and the address is read.
 */
import { canonicalAddress } from "./address.ts";

const LINK_OR_ADDRESS = /^(?:Deleted )?\d+: (?:\S+ +inet6? ([^ /]+))?/;
/** After an optional type, such as `unreachable`. */
const DEFAULT_ROUTE = /^(?:Deleted )?(?:[a-z]+ )?default /;
/** Only a route outside of the main table has one. */
const OTHER_TABLE = / table /;

/**
 * Whether the network has to be read again after a line: a link, an address that is not the agent's own doing, or a
 * default route of the main table.
 *
 * @param isOurs whether keepalived adds and deletes an address, canonical.
 */
export function isNetworkNews(line: string, isOurs: (address: string) => boolean): boolean {
  const linkOrAddress = LINK_OR_ADDRESS.exec(line);
  if (linkOrAddress === null) return DEFAULT_ROUTE.test(line) && !OTHER_TABLE.test(line);
  const address = canonicalAddress(linkOrAddress[1] ?? "");
  return address === undefined || !isOurs(address);
}

/** Whether a line tells that an address of keepalived came, changed or went. */
export function isOwnNews(line: string, isOurs: (address: string) => boolean): boolean {
  const address = canonicalAddress(LINK_OR_ADDRESS.exec(line)?.[1] ?? "");
  return address !== undefined && isOurs(address);
}

/** The address that is gone from an interface after a line, canonical; undefined where the line tells something else. */
export function goneAddress(line: string): string | undefined {
  return line.startsWith("Deleted ") ? canonicalAddress(LINK_OR_ADDRESS.exec(line)?.[1] ?? "") : undefined;
}
