/** Which values of one group exclude each other: the rules that need more than one setting. */
import { type Family, familyOf, isIpv6 } from "../network/address.ts";
import { describeSource } from "./source.ts";
import type { GroupKey, GroupLayer, GroupValue } from "./table.ts";

/**
 * What would be allowed instead of `value`, as a noun phrase with its reason; undefined where it agrees with what
 * is `settled`. A value that is not settled yet excludes nothing.
 */
export function disagreement<K extends GroupKey>(
  key: K,
  value: GroupValue<K>,
  settled: GroupLayer,
): string | undefined {
  return RULES[key]?.(value, settled);
}

type Rule<K extends GroupKey> = (value: GroupValue<K>, settled: GroupLayer) => string | undefined;

const RULES: { readonly [K in GroupKey]?: Rule<K> } = {
  virtualMask: (mask, { virtualIps }) =>
    mask > 32 && virtualIps?.value.every(({ address }) => !isIpv6(address))
      ? "0-32, as every virtual IP is IPv4"
      : undefined,
  vrrpVersion: (version, settled) =>
    version === 2 && isIpv6Group(settled) ? "3, as VRRPv2 has no IPv6" : undefined,
  // the password gives way, so that a group can leave VRRPv2 by metadata alone while it is still in the environment
  authPass: (_, settled) => {
    if (isIpv6Group(settled)) return "none for an IPv6 group: VRRPv2 has passwords but no IPv6";
    const { vrrpVersion } = settled;
    return vrrpVersion?.value === 3
      ? `none with VRRPv3, which ${describeSource(vrrpVersion.source)} asks for`
      : undefined;
  },
  advertIntervalSeconds: (interval, { vrrpVersion }) => {
    if (vrrpVersion?.value === 2) {
      return Number.isInteger(interval) ? undefined : "1-255 without decimals, as the VRRP version is 2";
    }
    return vrrpVersion?.value === 3 && interval > 40.95 ? "0.05-40.95, as the VRRP version is 3" : undefined;
  },
  unicastSource: (address, settled) => familyRule([address], settled),
  unicastPeers: (addresses, settled) => familyRule(addresses, settled),
};

export function isIpv6Group(settled: GroupLayer): boolean {
  return familyOfGroup(settled) === "ipv6";
}

/** A group has the family of its first VIP. */
function familyOfGroup({ virtualIps }: GroupLayer): Family | undefined {
  const first = virtualIps?.value[0];
  return first && familyOf(first.address);
}

function familyRule(addresses: readonly string[], settled: GroupLayer): string | undefined {
  const family = familyOfGroup(settled);
  if (family === undefined || addresses.every((address) => familyOf(address) === family)) return undefined;
  return `${family === "ipv4" ? "IPv4" : "IPv6"}, as the first virtual IP is`;
}
