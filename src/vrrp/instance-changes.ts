/** What one configuration changes of another, in words: `main: peer 198.51.100.13 (node-3) added, priority 231 -> 240`. */
import { type Instance, type Unicast, type Vip, vipsOf } from "./instance.ts";

/** Further names are only counted. */
const MAX_NAMED = 4;
/** Further groups are only counted: a host with 255 groups may lose a peer in all of them. */
const MAX_GROUPS = 8;

/** The host's name of an address; undefined where it is not known. */
export type NameOf = (address: string) => string | undefined;

/** One clause for each group that changes, in the order of their names. No clause has a password. */
export function describeChanges(
  before: readonly Instance[],
  after: readonly Instance[],
  nameOf: NameOf = () => undefined,
): string[] {
  const byName = (instances: readonly Instance[]) => new Map(instances.map((one) => [one.name, one]));
  const [beforeByName, afterByName] = [byName(before), byName(after)];
  const names = [...new Set([...beforeByName.keys(), ...afterByName.keys()])].toSorted();
  const clauses = names.flatMap((name) => {
    const [was, is] = [beforeByName.get(name), afterByName.get(name)];
    if (is === undefined) return [`${name} ends`];
    if (was === undefined) return [`${name} begins (${describeGroup(is)})`];
    const changes = changesOf(was, is, nameOf);
    return changes.length === 0 ? [] : [`${name}: ${changes.join(", ")}`];
  });
  const rest = clauses.length - MAX_GROUPS;
  return rest <= 0 ? clauses : [...clauses.slice(0, MAX_GROUPS), `and ${rest} more groups`];
}

function describeGroup(instance: Instance): string {
  const { virtualRouterId, priority, unicast } = instance;
  const peers = peersOf(unicast);
  const transport = unicast === undefined ? "multicast" : countText(peers.length, "peer");
  return `${listOf(vipsOf(instance))}, VRID ${virtualRouterId}, priority ${priority}, ${transport}`;
}

function changesOf(was: Instance, is: Instance, nameOf: NameOf): string[] {
  return [
    ...peerChanges(was, is, nameOf),
    ...vipChanges(was, is),
    changed("first VIP", was.firstVip.address, is.firstVip.address),
    changed("priority", was.priority, is.priority),
    changed("VRID", was.virtualRouterId, is.virtualRouterId),
    changed("interface", was.interface, is.interface),
    changed("source", was.unicast?.source, is.unicast?.source),
    changed("advert interval", `${was.advertIntervalSeconds} s`, `${is.advertIntervalSeconds} s`),
    changed("VRRP version", was.vrrpVersion, is.vrrpVersion),
    changed("transport", transportOf(was), transportOf(is)),
    changed("preempt", was.preempt, is.preempt),
    changed("preempt delay", `${was.preemptDelaySeconds} s`, `${is.preemptDelaySeconds} s`),
    was.authPass === is.authPass ? undefined : "password changed",
  ].filter((clause) => clause !== undefined);
}

/** Undefined where it is the same. What is given or taken altogether is told by the transport. */
function changed<T>(what: string, was: T, is: T): string | undefined {
  return was === is || was === undefined || is === undefined ? undefined : `${what} ${was} -> ${is}`;
}

function transportOf({ unicast }: Instance): string {
  return unicast === undefined ? "multicast" : "unicast";
}

function peerChanges(was: Instance, is: Instance, nameOf: NameOf): string[] {
  const describe = (address: string) => {
    const name = nameOf(address);
    return name === undefined ? address : `${address} (${name})`;
  };
  return differences("peer", peersOf(was.unicast), peersOf(is.unicast), describe);
}

/** The host's own address as the only peer means: no peer. */
function peersOf(unicast: Unicast | undefined): readonly string[] {
  return unicast === undefined || unicast.isAlone ? [] : unicast.peers;
}

/** A VIP with another prefix is another VIP. */
function vipChanges(was: Instance, is: Instance): string[] {
  const all = ({ firstVip, excludedVips }: Instance) => [firstVip, ...excludedVips].map(vipText);
  return differences("VIP", all(was), all(is));
}

function vipText({ address, prefix }: Vip): string {
  return `${address}/${prefix}`;
}

/** @param describe is called for the named ones alone: it may search a list that is as long. */
function differences(
  what: string,
  was: readonly string[],
  is: readonly string[],
  describe: (name: string) => string = (name) => name,
): string[] {
  const added = [...new Set(is).difference(new Set(was))];
  const removed = [...new Set(was).difference(new Set(is))];
  const clause = (names: readonly string[], verb: string): string[] =>
    names.length === 0 ? [] : [`${plural(names.length, what)} ${listOf(names, describe)} ${verb}`];
  return [...clause(added, "added"), ...clause(removed, "removed")];
}

function listOf(names: readonly string[], describe: (name: string) => string = (name) => name): string {
  const rest = names.length - MAX_NAMED;
  const named = names.slice(0, MAX_NAMED).map(describe);
  return rest <= 0 ? named.join(" and ") : `${named.join(", ")} and ${rest} more`;
}

function countText(count: number, what: string): string {
  return count === 0 ? `no ${what}` : `${count} ${plural(count, what)}`;
}

function plural(count: number, what: string): string {
  return count === 1 ? what : `${what}s`;
}
