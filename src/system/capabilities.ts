/** The Linux capabilities that the agent uses and this process lacks. */

/** Bit numbers from linux/capability.h. */
const BITS = { NET_BROADCAST: 11, NET_ADMIN: 12, NET_RAW: 13, SYS_NICE: 23 } as const;

export type Capability = keyof typeof BITS;

/** @param procStatus text of `/proc/self/status`. Without the row CapEff, none counts as missing. */
export function missingCapabilities(procStatus: string): Capability[] {
  const [, effective] = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(procStatus) ?? [];
  if (effective === undefined) return [];
  const held = BigInt(`0x${effective}`);
  const names = Object.keys(BITS) as Capability[];
  return names.filter((name) => ((held >> BigInt(BITS[name])) & 1n) === 0n);
}
