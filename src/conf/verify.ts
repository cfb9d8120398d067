/**
 * Verifies that a text says what the Desired state says, before keepalived reads it. The operator can change the
 * template.
 *
 * `keepalived -t` does not notice such mistakes: keepalived accepts an empty file and drops its VIPs, and it takes an
 * empty list of peers as multicast.
 */

import { AgentError } from "../errors.ts";
import { canonicalAddress, isIpv6 } from "../network/address.ts";
import type { Desired, Instance, Vip } from "../vrrp/instance.ts";
import { allStatements, parseConf, type Statement, statementsOf } from "./parse.ts";
import { type ConfPaths, trackFileOf } from "./paths.ts";
import { FORBIDDEN_KEYWORDS } from "./word.ts";

/** @throws {AgentError} CONF_UNEXPECTED, which names each mistake of `text`. */
export function verifyConf(text: string, desired: Desired, confPaths: ConfPaths): void {
  const mistakes = findMistakes(text, desired, confPaths);
  if (mistakes.length > 0) {
    throw new AgentError("CONF_UNEXPECTED", `the template's result is not safe: ${mistakes.join("; ")}`);
  }
}

function findMistakes(text: string, desired: Desired, confPaths: ConfPaths): string[] {
  let conf: Statement[];
  try {
    conf = parseConf(text);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  const instances = statementsOf(conf, "vrrp_instance");
  const names = instances.map((instance) => instance.words[1] ?? "");
  return [
    ...extraInstances(names, desired),
    ...desired.instances.flatMap((instance) => instanceMistakes(instance, instances)),
    ...desired.instances.flatMap((instance) => trackFileMistakes(instance, conf, confPaths)),
    ...globalMistakes(conf, confPaths),
    ...allStatements(conf).flatMap(statementMistakes),
  ];
}

function extraInstances(names: readonly string[], desired: Desired): string[] {
  const wanted = new Set(desired.instances.map(({ name }) => name));
  return names
    .filter((name) => !wanted.has(name))
    .map((name) => `vrrp_instance ${name} is not one of the agent's groups`);
}

function instanceMistakes(want: Instance, instances: readonly Statement[]): string[] {
  const found = instances.filter((instance) => instance.words[1] === want.name);
  const [instance] = found;
  if (instance === undefined) return [`vrrp_instance ${want.name} is missing`];
  if (found.length > 1) return [`vrrp_instance ${want.name} appears ${found.length} times`];
  const block = instance.block ?? [];
  const expected: [string, string | undefined][] = [
    ["interface", want.interface],
    ["virtual_router_id", String(want.virtualRouterId)],
    ["version", String(want.vrrpVersion)],
    ["priority", String(want.priority)],
    ["advert_int", String(want.advertIntervalSeconds)],
    ["state", "BACKUP"],
    ["unicast_src_ip", want.unicast?.source],
    // the default hop limit is 64, but peers demand 255: they would ignore the adverts, and each would be owner
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
  return [...differences, ...lists, ...passwordMistakes(block, want)].map(
    (mistake) => `vrrp_instance ${want.name}: ${mistake}`,
  );
}

/** Hosts with different passwords do not share a group. The text of the mistake must not contain the password. */
function passwordMistakes(block: readonly Statement[], { authPass }: Instance): string[] {
  const statements = statementsOf(block, "authentication").flatMap((statement) => statement.block ?? []);
  const have = statements.map(({ words }) => words.join(" ")).toSorted();
  const want = authPass === undefined ? [] : [`auth_pass ${authPass}`, "auth_type PASS"];
  if (have.join("\n") === want.join("\n")) return [];
  return [
    `authentication must ${authPass === undefined ? "be absent" : "hold auth_type PASS and the auth_pass that is set"}`,
  ];
}

/** Without the right track file, a VIP would stay on a host that cannot serve it. */
function trackFileMistakes({ name }: Instance, conf: readonly Statement[], confPaths: ConfPaths): string[] {
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
  const have = entries.map((entry) => canonicalEntry(entry.words[0] ?? ""));
  if (have.toSorted().join() === want.toSorted().join()) return [];
  return [`${keyword} must hold ${want.join(", ") || "nothing"}, holds ${have.join(", ") || "nothing"}`];
}

function canonicalEntry(text: string): string {
  const [address = "", prefix] = text.split("/");
  const canonical = canonicalAddress(address) ?? address;
  return prefix === undefined ? canonical : `${canonical}/${prefix}`;
}

function vipText(vip: Vip): string {
  return `${vip.address}/${vip.prefix}`;
}

/** The agent learns of transitions and of refused reloads by these two. */
function globalMistakes(conf: readonly Statement[], confPaths: ConfPaths): string[] {
  const globals = statementsOf(conf, "global_defs").flatMap((statement) => statement.block ?? []);
  const expected = { vrrp_notify_fifo: confPaths.notifyFifo, reload_check_config: confPaths.reloadCheckLog };
  return Object.entries(expected).flatMap(([keyword, value]) =>
    statementsOf(globals, keyword).some((statement) => statement.words[1] === value)
      ? []
      : [`global_defs must hold ${keyword} ${value}`],
  );
}

function statementMistakes({ words, line }: Statement): string[] {
  const [keyword = "", ...parameters] = words;
  const harm = Object.hasOwn(FORBIDDEN_KEYWORDS, keyword) ? FORBIDDEN_KEYWORDS[keyword] : undefined;
  if (harm !== undefined) return [`line ${line}: ${keyword} ${harm}`];
  // keepalived runs a script without a shell: a pipe would be an argument, and the check would never pass
  const command = parameters.join(" ");
  const needsShell = /(^|\s)(\||\|\||&&|;|>|<)(\s|$)/.test(command);
  if (keyword === "script" && needsShell && !/^\S*sh\s/.test(command)) {
    return [`line ${line}: script needs a shell, and keepalived uses none: write /bin/sh -c '...'`];
  }
  return [];
}
