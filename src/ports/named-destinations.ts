/**
 * The addresses for which a port may be published, if any address is enough.
 *
 * A packet has one destination. So the rules are walked for one address after the other: for one that no rule names, and for
 * those that rules on the way to Rancher's translations name. Rules that lead elsewhere may name thousands more, and none
 * of these is an address for which Rancher publishes.
 */
import { RANCHER_CHAIN } from "../iptables/rancher-chain.ts";
import type { Rule } from "../iptables/rule.ts";
import type { Table } from "../iptables/table.ts";
import {
  type AddressNumber,
  addressNumber,
  LINK_LOCAL,
  liesIn,
  parseMaskedNetwork,
} from "../network/masked-network.ts";
import { type ClientPacket, FIRST_TIME } from "./client-packet.ts";
import { selectClients } from "./nat-match.ts";

/** The address of a destination that no rule names. It is in the network of all addresses alone. */
export const NAMELESS: AddressNumber = { family: "ipv4", number: -1n };
/** Hosts have fewer addresses. */
const MAX_DESTINATIONS = 16;
const DESTINATION_OPTIONS: ReadonlySet<string> = new Set(["-d", "--dst-range", "--ctorigdst"]);

/** @param packet one for any destination. */
export function namedDestinations({ chains }: Table, packet: ClientPacket): readonly AddressNumber[] {
  const leads = leadingChains(chains);
  const rules = [...leads].flatMap((name) => chains.get(name)?.rulesForPort(packet.port) ?? []);
  const named = new Map<bigint, AddressNumber>([[NAMELESS.number, NAMELESS]]);
  for (const rule of rules) {
    const isOnTheWay = rule.chain === RANCHER_CHAIN || leads.has(rule.target?.name ?? "");
    if (!isOnTheWay || selectClients(rule, packet, FIRST_TIME).sources.length === 0) continue;
    for (const destination of destinationsIn(rule)) named.set(destination.number, destination);
    if (named.size >= MAX_DESTINATIONS) break;
  }
  return [...named.values()];
}

/** The chains between PREROUTING and Rancher's chain, and that one. */
function leadingChains(chains: Table["chains"]): ReadonlySet<string> {
  const known = new Map<string, boolean>();
  const leads = (name: string): boolean => {
    const before = known.get(name);
    if (before !== undefined) return before;
    known.set(name, name === RANCHER_CHAIN);
    if (name === RANCHER_CHAIN) return true;
    const targets = new Set(chains.get(name)?.rules.map(({ target }) => target?.name ?? ""));
    const isLeading = [...targets].map(leads).includes(true);
    known.set(name, isLeading);
    return isLeading;
  };
  leads("PREROUTING");
  return new Set([...known].flatMap(([name, isLeading]) => (isLeading ? [name] : [])));
}

function destinationsIn({ options, matches }: Rule): AddressNumber[] {
  const all = [...options, ...matches.flatMap((match) => match.options)];
  const texts = all.flatMap(({ name, values: [value = ""] }) =>
    DESTINATION_OPTIONS.has(name) ? [value.split("-")[0] ?? ""] : [],
  );
  return texts.flatMap(addressIn);
}

/** An address of a network that a host can have. */
function addressIn(text: string): AddressNumber[] {
  const network = parseMaskedNetwork(text);
  if (network === undefined || liesIn(network, LINK_LOCAL)) return [];
  const exact = addressNumber(text.replace(/\/32$/, ""));
  return [exact ?? { family: network.family, number: network.base + 1n }];
}
