/**
 * Whether a rule of a filter table applies to an advert, the first one of its sender: what comes later may pass as the
 * reply of a flow, when two hosts are owners already.
 */
import { canonicalAddress, isInSubnet, parsePrefixed } from "../network/address.ts";
import type { Certainty } from "./nat-match.ts";
import type { NatRule, RuleOption } from "./rule.ts";

export interface Advert {
  readonly direction: "in" | "out";
  /** It comes in or goes out by. */
  readonly interface: string;
  /** Canonical; undefined where it is not known, as for multicast. */
  readonly source: string | undefined;
  readonly destination: string;
}

type Judge = (value: string, advert: Advert) => Certainty;

const JUDGES = new Map<string, Judge>([
  ["-p", (value) => certain(["vrrp", "112", "all", "0"].includes(value.toLowerCase()))],
  ["-s", (value, { source }) => isWithin(source, value)],
  ["-d", (value, { destination }) => isWithin(destination, value)],
  ["-i", (value, advert) => certain(advert.direction === "in" && isNamed(advert.interface, value))],
  ["-o", (value, advert) => certain(advert.direction === "out" && isNamed(advert.interface, value))],
  ["--state", isNew],
  ["--ctstate", isNew],
  ["--dst-type", (value, advert) => certain(value.split(",").includes(destinationType(advert)))],
  ["--comment", () => "yes"],
]);

/** Anything that is not known of the rule makes it a `maybe`. */
export function matchAdvert({ options, matches }: NatRule, advert: Advert): Certainty {
  const all = [...options, ...matches.flatMap((match) => match.options)];
  const certainties = all.map((option) => judge(option, advert));
  if (certainties.includes("no")) return "no";
  const isPlain = matches.every((match) => match.options.length > 0); // a match without options has its own mind
  return isPlain && !certainties.includes("maybe") ? "yes" : "maybe";
}

function judge({ name, values, isNegated }: RuleOption, advert: Advert): Certainty {
  const [value] = values;
  const certainty =
    values.length === 1 && value !== undefined ? JUDGES.get(name)?.(value, advert) : undefined;
  if (certainty === undefined || certainty === "maybe") return "maybe";
  return certain((certainty === "yes") !== isNegated);
}

function certain(holds: boolean): Certainty {
  return holds ? "yes" : "no";
}

function isNew(value: string): Certainty {
  return certain(value.split(",").includes("NEW"));
}

function isWithin(address: string | undefined, value: string): Certainty {
  const network = parsePrefixed(value);
  if (network === undefined) return "maybe"; // a mask with holes
  if (network.prefix === 0) return "yes";
  if (address === undefined) return "maybe";
  if (network.prefix === undefined) return certain(canonicalAddress(address) === network.address);
  return certain(isInSubnet(address, network.address, network.prefix));
}

/** `eth+` stands for every name that begins so. */
function isNamed(name: string, value: string): boolean {
  return value.endsWith("+") ? name.startsWith(value.slice(0, -1)) : name === value;
}

function destinationType({ direction, destination }: Advert): string {
  if (isInSubnet(destination, "224.0.0.0", 4) || isInSubnet(destination, "ff00::", 8)) return "MULTICAST";
  return direction === "in" ? "LOCAL" : "UNICAST";
}
