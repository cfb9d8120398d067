/**
 * What `keepalived -t` misses: whether a text still says what this host should do.
 *
 * keepalived accepts an empty file, drops its VIPs for it, and reads an empty list of peers as multicast. A
 * template is the operator's to change, so its result is held against the Desired state before anybody sees it.
 */

import { AgentError } from "../errors.ts";
import { canonicalAddress, isIpv6 } from "../network/address.ts";
import type { Desired, Instance, Vip } from "../vrrp/instance.ts";
import { allStatements, parseConf, type Statement, statementsOf } from "./parse.ts";
import { type ConfPaths, trackFileOf } from "./paths.ts";
import { FORBIDDEN_KEYWORDS } from "./word.ts";

/** @throws {AgentError} CONF_UNEXPECTED naming everything that is wrong with `text`. */
export function verifyConf(text: string, desired: Desired, confPaths: ConfPaths): void {
  const findings = findingsOf(text, desired, confPaths);
  if (findings.length > 0) {
    throw new AgentError("CONF_UNEXPECTED", `the template's result is not safe: ${findings.join("; ")}`);
  }
}

function findingsOf(text: string, desired: Desired, confPaths: ConfPaths): string[] {
  let conf: Statement[];
  try {
    conf = parseConf(text);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  const instances = statementsOf(conf, "vrrp_instance");
  const names = instances.map((instance) => instance.words[1] ?? "");
  return [
    ...extraFindings(names, desired),
    ...desired.instances.flatMap((instance) => instanceFindings(instance, instances)),
    ...desired.instances.flatMap((instance) => trackFindings(instance, conf, confPaths)),
    ...globalFindings(conf, confPaths),
    ...allStatements(conf).flatMap(statementFindings),
  ];
}

function extraFindings(names: readonly string[], desired: Desired): string[] {
  const wanted = new Set(desired.instances.map(({ name }) => name));
  return names.filter((name) => !wanted.has(name)).map((name) => `vrrp_instance ${name} is not ours`);
}

function instanceFindings(want: Instance, instances: readonly Statement[]): string[] {
  const found = instances.filter((instance) => instance.words[1] === want.name);
  const [instance] = found;
  if (instance === undefined) return [`vrrp_instance ${want.name} is missing`];
  if (found.length > 1) return [`vrrp_instance ${want.name} is there ${found.length} times`];
  const block = instance.block ?? [];
  const expected: [string, string | undefined][] = [
    ["interface", want.interface],
    ["virtual_router_id", String(want.virtualRouterId)],
    ["version", String(want.vrrpVersion)],
    ["priority", String(want.priority)],
    ["advert_int", String(want.advertIntervalSeconds)],
    ["state", "BACKUP"],
    ["unicast_src_ip", want.unicast?.source],
    // without it keepalived sends IPv6 with a hop limit of 64, and peers that demand 255 hear nobody: each would be owner
    ...(want.unicast !== undefined && isIpv6(want.unicast.source)
      ? [["unicast_ttl", "255"] as [string, string]]
      : []),
  ];
  const differences = expected.flatMap(([keyword, value]) => {
    const values = statementsOf(block, keyword).map((statement) => statement.words[1]);
    const isAsExpected =
      value === undefined ? values.length === 0 : values.length === 1 && values[0] === value;
    return isAsExpected
      ? []
      : [`${keyword} must be ${value ?? "absent"}, is ${values.join(" and ") || "absent"}`];
  });
  const lists = [
    compareLists("track_file", block, [want.name]),
    compareLists("unicast_peer", block, [...(want.unicast?.peers ?? [])]),
    compareLists("virtual_ipaddress", block, [vipText(want.firstVip)]),
    compareLists("virtual_ipaddress_excluded", block, want.excludedVips.map(vipText)),
  ].flat();
  return [...differences, ...lists, ...passwordFindings(block, want)].map(
    (finding) => `vrrp_instance ${want.name}: ${finding}`,
  );
}

/** A host with another password, or none, is in a group of its own. The finding must not tell what it should be. */
function passwordFindings(block: readonly Statement[], { authPass }: Instance): string[] {
  const statements = statementsOf(block, "authentication").flatMap((statement) => statement.block ?? []);
  const have = statements.map(({ words }) => words.join(" ")).toSorted();
  const want = authPass === undefined ? [] : [`auth_pass ${authPass}`, "auth_type PASS"];
  if (have.join("\n") === want.join("\n")) return [];
  return [
    `authentication must ${authPass === undefined ? "be absent" : "hold auth_type PASS and the auth_pass that is set"}`,
  ];
}

/** A tracker that is missing, or reads a missing file as well, would leave a VIP on a host that cannot serve it. */
function trackFindings({ name }: Instance, conf: readonly Statement[], confPaths: ConfPaths): string[] {
  const trackers = statementsOf(conf, "track_file").filter((statement) => statement.words[1] === name);
  const block = trackers[0]?.block ?? [];
  const file = statementsOf(block, "file").map(({ words }) => words[1]);
  const weight = statementsOf(block, "weight").map(({ words }) => words.slice(1).join(" "));
  const want = trackFileOf(confPaths.trackDir, name);
  const isAsWanted = trackers.length === 1 && file.join() === want && weight.join() === "0 reverse";
  return isAsWanted ? [] : [`track_file ${name} must have the file ${want} and weight 0 reverse`];
}

function compareLists(keyword: string, block: readonly Statement[], want: readonly string[]): string[] {
  const entries = statementsOf(block, keyword).flatMap((statement) => statement.block ?? []);
  const have = entries.map((entry) => normalise(entry.words[0] ?? ""));
  if (have.toSorted().join() === want.toSorted().join()) return [];
  return [`${keyword} must hold ${want.join(", ") || "nothing"}, holds ${have.join(", ") || "nothing"}`];
}

function normalise(text: string): string {
  const [address = "", prefix] = text.split("/");
  const canonical = canonicalAddress(address) ?? address;
  return prefix === undefined ? canonical : `${canonical}/${prefix}`;
}

function vipText(vip: Vip): string {
  return `${vip.address}/${vip.prefix}`;
}

/** The agent learns of transitions and of refused reloads by these two; without them it would be blind. */
function globalFindings(conf: readonly Statement[], confPaths: ConfPaths): string[] {
  const globals = statementsOf(conf, "global_defs").flatMap((statement) => statement.block ?? []);
  const expected = { vrrp_notify_fifo: confPaths.notifyFifo, reload_check_config: confPaths.reloadCheckLog };
  return Object.entries(expected).flatMap(([keyword, value]) =>
    statementsOf(globals, keyword).some((statement) => statement.words[1] === value)
      ? []
      : [`global_defs must hold ${keyword} ${value}`],
  );
}

function statementFindings({ words, line }: Statement): string[] {
  const [keyword = "", ...parameters] = words;
  const harm = Object.hasOwn(FORBIDDEN_KEYWORDS, keyword) ? FORBIDDEN_KEYWORDS[keyword] : undefined;
  if (harm !== undefined) return [`line ${line}: ${keyword} ${harm}`];
  // keepalived runs a script without a shell: the pipe would be an argument, and the check would never pass.
  const command = parameters.join(" ");
  const needsShell = /(^|\s)(\||\|\||&&|;|>|<)(\s|$)/.test(command);
  if (keyword === "script" && needsShell && !/^\S*sh\s/.test(command)) {
    return [`line ${line}: script needs a shell, and keepalived uses none: write /bin/sh -c '...'`];
  }
  return [];
}
