/**
 * A group whose settings are refused: it keeps its earlier settings, with the present peers.
 *
 * Its peers must not stay as they were: a host that joined would hear nothing from this one and become a second owner.
 */
import { AgentError } from "../errors.ts";
import { withoutAddresses } from "../network/host-network.ts";
import type { ResolvedGroup } from "../settings/resolve-group.ts";
import { settingName } from "../settings/row.ts";
import { GROUP_ROWS } from "../settings/table.ts";
import { type Instance, vipsOf } from "../vrrp/instance.ts";
import type { GroupContext } from "./group-context.ts";
import { derivePeers, unicastTo } from "./peers.ts";

/** Where the peers cannot be derived, the former ones stay. */
export function withPeersOfNow(instance: Instance, resolved: ResolvedGroup, context: GroupContext): Instance {
  const { unicast } = instance;
  if (unicast === undefined) return instance;
  const vips = new Set(vipsOf(instance));
  const withoutVips = { ...context, network: withoutAddresses(context.network, vips) };
  try {
    const present = derivePeers(resolved.group, unicast.source, vips, withoutVips);
    const former = isPeerListRefused(resolved) && !unicast.isAlone ? unicast.peers : [];
    const addresses = [...present.map(({ address }) => address), ...former];
    return { ...instance, unicast: unicastTo(addresses, unicast.source) };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return instance;
  }
}

/** Whether an operator lists peers by hand: the list may hold this host's address, whatever metadata says. */
export function hasPeerList(resolved: ResolvedGroup): boolean {
  return resolved.group.unicastPeers !== undefined || isPeerListRefused(resolved);
}

/** The peers of a refused list are unknown, so the group keeps its peers. */
function isPeerListRefused({ blocking }: ResolvedGroup): boolean {
  const name = settingName(GROUP_ROWS.unicastPeers);
  return blocking.some(({ setting }) => setting === name);
}
