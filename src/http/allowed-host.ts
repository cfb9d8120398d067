/**
 * The names by which a browser may reach the agent's HTTP server. This protects against DNS rebinding.
 *
 * An attacker's page can point its own domain at this host, and the browser then treats both as one site. The attacker
 * cannot use an IP address, this machine's name or a name without a dot, so only these are allowed.
 */

import { canonicalAddress } from "../network/address.ts";

/** A name, an IPv4 address, or an IPv6 address in brackets, with an optional port. */
const HOST = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/;

/**
 * @param host the header `Host`. Each browser sends one, so a request without it is allowed.
 * @param hostName the name of this machine.
 */
export function isAllowedHost(host: string | undefined, hostName: string): boolean {
  if (host === undefined) return true;
  const [, address6, name] = HOST.exec(host) ?? [];
  const text = address6 ?? name;
  if (text === undefined) return false;
  if (canonicalAddress(text) !== undefined) return true;
  return name !== undefined && (!name.includes(".") || name.toLowerCase() === hostName.toLowerCase());
}
