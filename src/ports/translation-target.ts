/** Where a rule of the nat table sends a packet: DNAT to an address, or REDIRECT to this host. */
import type { RuleTarget } from "../iptables/rule.ts";
import { canonicalAddress } from "../network/address.ts";
import { LINK_LOCAL, liesIn, parseMaskedNetwork } from "../network/masked-network.ts";

/** The new destination of a packet. */
export type TranslationTarget =
  | { readonly kind: "host"; readonly address: string; readonly port: number }
  /** The packet stays on this host: REDIRECT, or DNAT without an address. */
  | { readonly kind: "this-host"; readonly port: number }
  /** The kernel chooses one of several addresses or ports. */
  | { readonly kind: "several" };

export interface Translation {
  /** As the rule has it, `local:PORT` for REDIRECT. */
  readonly to: string;
  readonly target: TranslationTarget;
}

const ADDRESS_AND_PORT = /^(?:\[([^\]]+)\]|([^:[\]]+))?(?::(\d+))?$/;

/**
 * Undefined without a translation, and for one to Rancher's metadata service.
 *
 * @param port the port that the packet came to.
 */
export function translationOf({ name, options }: RuleTarget, port: number): Translation | undefined {
  const valueOfOption = (wanted: string) => options.find((option) => option.name === wanted)?.values[0];
  if (name === "REDIRECT") {
    const ports = valueOfOption("--to-ports") ?? String(port);
    return { to: `local:${ports}`, target: readTarget(`:${ports}`, port) };
  }
  const to = name === "DNAT" ? valueOfOption("--to-destination") : undefined;
  if (to === undefined || isLinkLocal(to)) return undefined;
  return { to, target: readTarget(to, port) };
}

function isLinkLocal(to: string): boolean {
  const address = /^\[(.*?)\]|^([^-:]+)(?=[-:]|$)/.exec(to);
  const network = parseMaskedNetwork(address?.[1] ?? address?.[2] ?? to);
  return network !== undefined && liesIn(network, LINK_LOCAL);
}

function readTarget(to: string, samePort: number): TranslationTarget {
  const bareAddress = canonicalAddress(to);
  if (bareAddress !== undefined) return { kind: "host", address: bareAddress, port: samePort };
  const [, inBrackets, plain, portText] = ADDRESS_AND_PORT.exec(to) ?? [];
  const port = portText === undefined ? samePort : Number(portText);
  const host = inBrackets ?? plain;
  if (host === undefined) return portText === undefined ? { kind: "several" } : { kind: "this-host", port };
  const address = canonicalAddress(host);
  return address === undefined ? { kind: "several" } : { kind: "host", address, port };
}
