/** Rules between values of one group: which value excludes which. */
import { type Family, familyOf, isIpv6 } from "../network/address.ts";
import { describeSource } from "./source.ts";
import type { GroupKey, GroupLayer, GroupValue } from "./table.ts";

/**
 * What must be there instead of `value`, as a noun phrase with its reason; undefined if it agrees with `chosen`, the
 * values chosen so far. A value that is not chosen yet excludes nothing.
 */
export function disagreement<K extends GroupKey>(
  key: K,
  value: GroupValue<K>,
  chosen: GroupLayer,
): string | undefined {
  return RULES[key]?.(value, chosen);
}

type Rule<K extends GroupKey> = (value: GroupValue<K>, chosen: GroupLayer) => string | undefined;

const RULES: { readonly [K in GroupKey]?: Rule<K> } = {
  virtualMask: (mask, { virtualIps }) =>
    mask > 32 && virtualIps?.value.every(({ address }) => !isIpv6(address))
      ? "0-32, as every virtual IP is IPv4"
      : undefined,
  vrrpVersion: (version, chosen) =>
    version === 2 && isIpv6Group(chosen) ? "3, as VRRPv2 has no IPv6" : undefined,
  // metadata alone can move a group off VRRPv2 while the password is still in the environment
  authPass: (_, chosen) => {
    if (isIpv6Group(chosen)) return "unset for an IPv6 group: VRRPv2 has passwords but no IPv6";
    const { vrrpVersion } = chosen;
    return vrrpVersion?.value === 3
      ? `unset with VRRPv3, which ${describeSource(vrrpVersion.source)} selects`
      : undefined;
  },
  advertIntervalSeconds: (interval, { vrrpVersion }) => {
    if (vrrpVersion?.value === 2) {
      return Number.isInteger(interval)
        ? undefined
        : "a whole number from 1 to 255, as the VRRP version is 2";
    }
    return vrrpVersion?.value === 3 && interval > 40.95 ? "0.05-40.95, as the VRRP version is 3" : undefined;
  },
  unicastSource: (address, chosen) => familyRule([address], chosen),
  unicastPeers: (addresses, chosen) => familyRule(addresses, chosen),
};

export function isIpv6Group(chosen: GroupLayer): boolean {
  return familyOfGroup(chosen) === "ipv6";
}

/** A group has the family of its first VIP. */
function familyOfGroup({ virtualIps }: GroupLayer): Family | undefined {
  const first = virtualIps?.value[0];
  return first && familyOf(first.address);
}

function familyRule(addresses: readonly string[], chosen: GroupLayer): string | undefined {
  const family = familyOfGroup(chosen);
  if (family === undefined || addresses.every((address) => familyOf(address) === family)) return undefined;
  return `${family === "ipv4" ? "IPv4" : "IPv6"}, like the first virtual IP`;
}
