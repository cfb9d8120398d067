/**
 * The names by which a browser may reach the agent's HTTP server. This protects against DNS rebinding.
 *
 * An attacker's page can point its own domain at this host, and the browser then treats both as one site. The attacker
 * cannot use an IP address, a name of this machine, a name without a dot or a name that the operator allows.
 */

import { canonicalAddress } from "../network/address.ts";

/** A name, an IPv4 address, or an IPv6 address in brackets, with an optional port. */
const HOST = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/;

/**
 * @param host the header `Host`. Each browser sends one, so a request without it is allowed.
 * @param names those of this machine, and those that the operator allows. Case and a final dot do not matter.
 */
export function isAllowedHost(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined) return true;
  const [, address6, name] = HOST.exec(host) ?? [];
  const text = address6 ?? name;
  if (text === undefined) return false;
  if (canonicalAddress(text) !== undefined) return true;
  return name !== undefined && (!name.includes(".") || names.some((each) => plain(each) === plain(name)));
}

/**
 * The names of this machine: each as it is and, where it has no domain, in each domain of the machine's own resolver.
 *
 * @param resolvConf text of /etc/resolv.conf.
 */
export function ownHostNames(names: readonly string[], resolvConf: string): string[] {
  const domains = [...resolvConf.matchAll(/^\s*(?:search|domain)\s+(.+)$/gm)].flatMap(([, list = ""]) =>
    list.trim().split(/\s+/),
  );
  const known = names.filter((name) => name !== "");
  const full = known.flatMap((name) =>
    name.includes(".") ? [] : domains.map((domain) => `${name}.${domain.replace(/^\.+/, "")}`),
  );
  return [...known, ...full];
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
