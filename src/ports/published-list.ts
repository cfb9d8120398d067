/** What Rancher publishes on this host, as people read it: `80/tcp -> 10.42.1.2:80`, each with its conditions. */
import { RANCHER_CHAIN } from "../iptables/rancher-chain.ts";
import type { Rule, RuleOption } from "../iptables/rule.ts";
import type { Table } from "../iptables/table.ts";
import { LINK_LOCAL, liesIn, parseMaskedNetwork } from "../network/masked-network.ts";

/** Conditions on the port that clients ask for. */
export const PORT_OPTIONS: ReadonlySet<string> = new Set([
  "--dport",
  "--destination-port",
  "--dports",
  "--destination-ports",
]);

/** In the order of the rules, each once. Rancher writes two rules for a port, which differ by their interface alone. */
export function publishedPorts(tables: readonly Table[]): string[] {
  const rules = tables.flatMap(({ chains }) => chains.get(RANCHER_CHAIN)?.rules ?? []);
  return [...new Set(rules.flatMap((rule) => describeTranslation(rule) ?? []))];
}

function describeTranslation({ options, matches, target }: Rule): string | undefined {
  if (target?.name !== "DNAT" && target?.name !== "REDIRECT") return undefined;
  const all = [...options, ...matches.flatMap((match) => match.options)];
  const destination = optionText(all.find(({ name }) => name === "-d"));
  if (destination !== undefined && isMetadata(destination)) return undefined;
  const ports = optionText(all.find(({ name }) => PORT_OPTIONS.has(name))) ?? "every port";
  const protocol = optionText(all.find(({ name }) => name === "-p"));
  const where = destination === undefined ? "" : ` for ${destination.replace(/\/32$/, "")}`;
  const to = target.options.find(({ name }) => name.startsWith("--to"))?.values[0] ?? "this host";
  return `${ports}${protocol === undefined ? "" : `/${protocol}`}${where} -> ${to}`;
}

function optionText(option: RuleOption | undefined): string | undefined {
  const [value] = option?.values ?? [];
  return value === undefined ? undefined : `${option?.isNegated ? "not " : ""}${value}`;
}

/** Rancher's chain redirects its metadata service, too, which is no published port. */
function isMetadata(destination: string): boolean {
  const network = parseMaskedNetwork(destination);
  return network !== undefined && liesIn(network, LINK_LOCAL);
}
