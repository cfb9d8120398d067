/** Which capabilities of Linux this process lacks, of those that the agent has a use for. */

/** Their bits, by linux/capability.h. */
const BITS = { NET_BROADCAST: 11, NET_ADMIN: 12, NET_RAW: 13 } as const;

export type Capability = keyof typeof BITS;

/** @param procStatus text of `/proc/self/status`; where it does not tell, nothing is missing. */
export function missingCapabilities(procStatus: string): Capability[] {
  const [, effective] = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(procStatus) ?? [];
  if (effective === undefined) return [];
  const held = BigInt(`0x${effective}`);
  const names = Object.keys(BITS) as Capability[];
  return names.filter((name) => ((held >> BigInt(BITS[name])) & 1n) === 0n);
}
