/** What happens to a host's cable and addresses. */
import { type Allowance, type Fault, FELL_SILENT, HANDED_OVER, NOTHING_TO_UNDO, onOwner } from "./fault.ts";

export const NETWORK_FAULTS: readonly Fault[] = [
  {
    name: "interface-down",
    areas: ["network"],
    lasts: [200, 5_000],
    allowance: onOwner(FELL_SILENT),
    strike: async ({ host }) => {
      await host.setLink("down", "host");
      return () => host.setLink("up", "host");
    },
  },
  {
    name: "cable-pulled",
    areas: ["network"],
    lasts: [200, 5_000],
    allowance: onOwner(FELL_SILENT),
    strike: async ({ host }) => {
      await host.setLink("down", "switch");
      return () => host.setLink("up", "switch");
    },
  },
  {
    name: "partition",
    areas: ["network"],
    lasts: [500, 6_000],
    // on both sides there is an owner, until they hear each other again
    allowance: ({ durationMs }): Allowance => ({ ...FELL_SILENT, overlapMs: durationMs + 1_000 }),
    strike: async ({ host }) => {
      await host.setLink("down", "wire");
      return () => host.setLink("up", "wire");
    },
  },
  {
    name: "vip-removed",
    areas: ["network"],
    needsOwner: true,
    lasts: [0, 0],
    // keepalived notices, gives the VIP up and may take it again
    allowance: onOwner(HANDED_OVER),
    strike: async ({ fleet, host }) => {
      // it may have left by itself since, when another fault strikes, too
      await host.run(["ip", "address", "del", `${fleet.vip}/32`, "dev", "eth0"]).catch(() => undefined);
      return NOTHING_TO_UNDO;
    },
  },
];
