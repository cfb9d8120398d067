/**
 * The statements that a Desired state must become, and no others: written by hand from keepalived.conf(5), without
 * the template, so that the two can be held against each other.
 */

import type { ConfPaths } from "../../src/conf/paths.ts";
import type { Desired, Instance, Vip } from "../../src/vrrp/instance.ts";

/** A statement: its words, and the statements of its block where it has one. */
export type Node = readonly [words: readonly string[], block?: readonly Node[]];

export function expectedConf({ routerId, instances }: Desired, confPaths: ConfPaths): Node[] {
  const vipCount = instances.reduce((sum, { excludedVips }) => sum + 1 + excludedVips.length, 0);
  const isAlone = instances.every(({ unicast }) => unicast?.isAlone);
  return [
    [
      ["global_defs"],
      [
        [["router_id", routerId]],
        [["script_user", "root"]],
        [["enable_script_security"]],
        [["vrrp_check_unicast_src"]],
        [["max_auto_priority", "0"]],
        [["vrrp_notify_fifo", confPaths.notifyFifo]],
        [["reload_check_config", confPaths.reloadCheckLog]],
        [["vrrp_garp_interval", "0.003"]],
        [["vrrp_gna_interval", "0.003"]],
        ...when(!isAlone, [["vrrp_startup_delay", "3"]]),
      ],
    ],
    ...instances.flatMap((instance) => [tracker(instance.name, confPaths), vrrpInstance(instance, vipCount)]),
  ];
}

function tracker(name: string, { trackDir }: ConfPaths): Node {
  return [
    ["track_file", name],
    [[["file", `${trackDir}/health-${name}`]], [["weight", "0", "reverse"]]],
  ];
}

function vrrpInstance(it: Instance, vipCount: number): Node {
  const dev = (vip: Vip): Node => [[`${vip.address}/${vip.prefix}`, "dev", it.interface]];
  const further = (vip: Vip): Node => [[`${vip.address}/${vip.prefix}`, "dev", it.interface, "no_track"]];
  const limits = it.unicast?.isAlone ? [] : ["min_ttl", "255", "max_ttl", "255"];
  const block: Node[] = [
    [["version", String(it.vrrpVersion)]],
    [["state", "BACKUP"]],
    ...when(!it.preempt, [["nopreempt"]]),
    ...when(it.preempt && it.preemptDelaySeconds > 0, [["preempt_delay", String(it.preemptDelaySeconds)]]),
    [["interface", it.interface]],
    [["virtual_router_id", String(it.virtualRouterId)]],
    [["priority", String(it.priority)]],
    [["advert_int", String(it.advertIntervalSeconds)]],
    ...when(it.authPass !== undefined, [
      ["authentication"],
      [[["auth_type", "PASS"]], [["auth_pass", String(it.authPass)]]],
    ]),
    [["track_file"], [[[it.name]]]],
    ...when(it.unicast !== undefined, [["unicast_src_ip", String(it.unicast?.source)]]),
    ...when(it.unicast !== undefined, [["track_src_ip"]]),
    ...when(it.unicast?.source.includes(":") === true, [["unicast_ttl", "255"]]),
    ...when(it.unicast !== undefined, [
      ["unicast_peer"],
      it.unicast?.peers.map((peer): Node => [[peer, ...limits]]) ?? [],
    ]),
    [["higher_prio_send_advert", "true"]],
    [["lower_prio_no_advert", "true"]],
    [["garp_master_delay", String(Math.ceil(vipCount / 150))]],
    [["garp_master_refresh", String(Math.max(10, vipCount))]],
    [["garp_lower_prio_repeat", "1"]],
    ...when(
      [it.firstVip, ...it.excludedVips].some((vip) => !vip.address.includes(":") && vip.prefix < 32),
      [["promote_secondaries"]],
    ),
    [["virtual_ipaddress"], [dev(it.firstVip)]],
    ...when(it.excludedVips.length > 0, [["virtual_ipaddress_excluded"], it.excludedVips.map(further)]),
  ];
  return [["vrrp_instance", it.name], block];
}

function when(isThere: boolean, node: Node): Node[] {
  return isThere ? [node] : [];
}
