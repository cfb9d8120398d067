/**
 * Whether a rule of a filter table applies to the first VRRP advert of a sender.
 *
 * The first one matters: later ones may pass as part of a known flow, but by then two hosts are owners.
 */
import { canonicalAddress, type Family, familyOf, isInSubnet, parsePrefixed } from "../network/address.ts";
import type { Rule, RuleOption } from "./rule.ts";

/** How sure it is that a rule applies. `maybe` where that depends on what is not known of the packet, or where the condition is not known. */
export type Certainty = "yes" | "no" | "maybe";

export function certain(applies: boolean): Certainty {
  return applies ? "yes" : "no";
}

/** The certainty of a condition with `!` before it, where it has one. */
function negateIf(isNegated: boolean, certainty: Certainty): Certainty {
  if (!isNegated || certainty === "maybe") return certainty;
  return certain(certainty === "no");
}

/** Whether the item is in a list such as `NEW,ESTABLISHED`. */
export function isListed(list: string, item: string): Certainty {
  return certain(list.split(",").includes(item));
}

export interface AdvertPacket {
  readonly direction: "in" | "out";
  /** The interface that the advert comes in or goes out through. */
  readonly interface: string;
  /** Canonical. Undefined where it is not known, as for multicast. */
  readonly source: string | undefined;
  readonly destination: string;
  /** Whether connection tracking leaves it alone. */
  readonly isUntracked?: boolean;
}

/** Whether one condition with one value holds for the packet. */
export type ConditionJudge<Packet> = (value: string, packet: Packet) => Certainty;

const JUDGES = new Map<string, ConditionJudge<AdvertPacket>>([
  ["-p", (value) => certain(["vrrp", "112", "all", "0"].includes(value.toLowerCase()))],
  ["-s", (value, { source, destination }) => isWithin(source, value, familyOf(destination))],
  ["-d", (value, { destination }) => isWithin(destination, value, familyOf(destination))],
  ["-i", (value, advert) => certain(advert.direction === "in" && isNamed(advert.interface, value))],
  ["-o", (value, advert) => certain(advert.direction === "out" && isNamed(advert.interface, value))],
  ["--state", (value, advert) => isListed(value, trackingState(advert))],
  ["--ctstate", (value, advert) => isListed(value, trackingState(advert))],
  ["--dst-type", (value, advert) => isListed(value, destinationType(advert))],
  ["--comment", () => "yes"],
]);

export function matchAdvert(rule: Rule, advert: AdvertPacket): Certainty {
  return matchRule(rule, advert, JUDGES);
}

/** `no` if one condition fails, `yes` if all conditions are known and hold, else `maybe`. */
export function matchRule<Packet>(
  { options, matches }: Rule,
  packet: Packet,
  judges: ReadonlyMap<string, ConditionJudge<Packet>>,
): Certainty {
  const judge = ({ name, values, isNegated }: RuleOption): Certainty => {
    const [value] = values;
    if (values.length !== 1 || value === undefined) return "maybe";
    return negateIf(isNegated, judges.get(name)?.(value, packet) ?? "maybe");
  };
  const certainties = [...options, ...matches.flatMap((match) => match.options)].map(judge);
  if (certainties.includes("no")) return "no";
  // a match without options has its own condition, which is unknown
  const areAllKnown = matches.every((match) => match.options.length > 0) && !certainties.includes("maybe");
  return areAllKnown ? "yes" : "maybe";
}

function trackingState({ isUntracked }: AdvertPacket): string {
  return isUntracked === true ? "UNTRACKED" : "NEW";
}

/** Whether the address, which is of the family, lies in `ADDRESS` or `ADDRESS/PREFIX`. */
export function isWithin(address: string | undefined, value: string, family: Family): Certainty {
  const network = parsePrefixed(value);
  if (network === undefined) return "maybe"; // a mask with gaps
  if (familyOf(network.address) !== family) return "no";
  if (network.prefix === 0) return "yes";
  if (address === undefined) return "maybe";
  if (network.prefix === undefined) return certain(canonicalAddress(address) === network.address);
  return certain(isInSubnet(address, network.address, network.prefix));
}

/** `eth+` stands for every name that begins with `eth`. */
export function isNamed(name: string, value: string): boolean {
  return value.endsWith("+") ? name.startsWith(value.slice(0, -1)) : name === value;
}

function destinationType({ direction, destination }: AdvertPacket): string {
  if (isInSubnet(destination, "224.0.0.0", 4) || isInSubnet(destination, "ff00::", 8)) return "MULTICAST";
  return direction === "in" ? "LOCAL" : "UNICAST";
}
