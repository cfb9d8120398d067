/** What the target of a rule does with a packet, and where one of the nat table sends it: DNAT to an address, or REDIRECT to this host. */
import type { Rule, RuleTarget } from "../iptables/rule.ts";
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

/** What a table does with clients. `rule` is the one that decides, where one does. */
export type NatOutcome =
  /** DNAT or REDIRECT in Rancher's chain. */
  | ({ readonly kind: "translated"; readonly rule: Rule } & Translation)
  /** Another rule of Rancher's chain ends the way. */
  | { readonly kind: "stopped"; readonly rule: Rule }
  /** Rancher's chain has no rule for them. */
  | { readonly kind: "unmatched"; readonly rule: undefined }
  /** They never reach Rancher's chain. */
  | { readonly kind: "not-hooked"; readonly rule: Rule | undefined }
  /** A table before the nat tables drops their packets. */
  | { readonly kind: "dropped"; readonly rule: Rule }
  /** A table before the nat tables lets them go on. */
  | { readonly kind: "passed"; readonly rule: undefined }
  /** They meet a rule that cannot be read, or more rules than are followed. */
  | { readonly kind: "unread"; readonly rule: Rule | undefined };

/** Targets that end the way through the nat table. */
const FINAL_TARGETS = new Set(["ACCEPT", "DROP", "REJECT", "QUEUE", "NFQUEUE", "NETMAP"]);
/** Targets that end the way through a table before it, and no more. A program gives back what it was asked about. */
const PASSED_TARGETS = new Set(["ACCEPT", "QUEUE", "NFQUEUE"]);
/** Targets after which packets go on to the next rule. */
export const PASSING_TARGETS =
  /^(?:ACCOUNT|AUDIT|CHECKSUM|CLASSIFY|CONNSECMARK|CT|DSCP|ECN|HL|IDLETIMER|LED|LOG|NETFLOW|NFLOG|NOTRACK|RATEEST|SECMARK|SET|TCPMSS|TCPOPTSTRIP|TEE|TOS|TRACE|TTL|ULOG)$/;

/** The outcome of a target that ends the way. @param isInside whether Rancher's chain has been entered. */
export function outcomeInNat(
  rule: Rule,
  target: RuleTarget,
  { port, isInside }: { readonly port: number; readonly isInside: boolean },
): NatOutcome | undefined {
  const isTranslation = target.name === "DNAT" || target.name === "REDIRECT";
  if (!isTranslation && !FINAL_TARGETS.has(target.name)) return undefined;
  if (!isInside) return { kind: "not-hooked", rule };
  const translation = translationOf(target, port);
  return translation === undefined ? { kind: "stopped", rule } : { kind: "translated", rule, ...translation };
}

/** No packet that a local program got by TPROXY is forwarded. */
export function outcomeBeforeNat(rule: Rule, { name }: RuleTarget): NatOutcome | undefined {
  if (PASSED_TARGETS.has(name)) return { kind: "passed", rule: undefined };
  if (name === "DROP" || name === "REJECT") return { kind: "dropped", rule };
  return name === "TPROXY" ? { kind: "not-hooked", rule } : undefined;
}
