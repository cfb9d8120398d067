/**
 * By which names the agent's HTTP server may be asked.
 *
 * A browser reads nothing of another site's. But whoever owns a name can have it lead to this host while his page is
 * open, and to the browser both are one site then (DNS rebinding). What he cannot have is an address, this machine's own
 * name, or a name without a dot: such a name is nobody's on the Internet.
 */
import { canonicalAddress } from "../network/address.ts";

/** A name or an IPv4 address, or an IPv6 address in brackets; then a port, if wanted. */
const HOST = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/;

/**
 * @param host the header `Host`; a client that sends none is no browser.
 * @param hostName of this machine.
 */
export function isAllowedHost(host: string | undefined, hostName: string): boolean {
  if (host === undefined) return true;
  const [, address6, name] = HOST.exec(host) ?? [];
  const text = address6 ?? name;
  if (text === undefined) return false;
  if (canonicalAddress(text) !== undefined) return true;
  return name !== undefined && (!name.includes(".") || name.toLowerCase() === hostName.toLowerCase());
}
