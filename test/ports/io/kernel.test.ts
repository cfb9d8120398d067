/** The walk through the nat table says what the kernel does: random tables, loaded by iptables, with real connections. */
import { expect, it } from "vitest";
import { playTables } from "./kernel-play.ts";

/** 51 questions for each backend. */
const TABLES = 17;

it.each([
  { backend: "nft", uplink: "br0" },
  { backend: "legacy", uplink: "wan" },
] as const)(
  "every client arrives where the walk says, with iptables-$backend and clients by $uplink",
  async (where) => {
    const verdicts = await playTables({ ...where, tables: TABLES, seed: 1 });

    // tables that nobody can decide, or that all end alike, would show nothing
    expect(verdicts.healthy).toBeGreaterThan(TABLES / 2);
    expect(verdicts.unhealthy).toBeGreaterThan(TABLES / 2);
    expect(verdicts.unknown).toBeLessThan(TABLES / 2);
  },
);
