import { expect, it } from "vitest";
import { doubtUncounted, whatBlocks } from "../../src/iptables/filter-walk.ts";

const ADVERT = {
  direction: "in",
  interface: "eth0",
  source: "198.51.100.12",
  destination: "198.51.100.11",
} as const;

function blocks(policy: string, ...rules: string[]): boolean {
  const text = ["*filter", `:INPUT ${policy} [0:0]`, ":FW - [0:0]", ...rules, "COMMIT", ""].join("\n");
  return whatBlocks(doubtUncounted(text), ADVERT) !== undefined;
}

it.each([
  { what: "a rule for all that has counted", policy: "ACCEPT", rules: ["[12:720] -A INPUT -j DROP"] },
  { what: "a rule for protocol 112", policy: "ACCEPT", rules: ["[0:0] -A INPUT -p vrrp -j DROP"] },
  {
    what: "a rule for all that has counted nothing, and a policy",
    policy: "DROP",
    rules: ["[0:0] -A INPUT -j DROP"],
  },
  { what: "a chain that has counted nothing, and a policy", policy: "DROP", rules: ["[0:0] -A INPUT -j FW"] },
  { what: "legacy, whose save has no counters", policy: "ACCEPT", rules: ["-A INPUT -j DROP"] },
])("believes $what", ({ policy, rules }) => expect(blocks(policy, ...rules)).toBe(true));

it.each([
  { what: "a drop that may be of a set", policy: "ACCEPT", rules: ["[0:0] -A INPUT -j DROP"] },
  {
    what: "a chain that may be for a set",
    policy: "ACCEPT",
    rules: ["[0:0] -A INPUT -j FW", "[9:99] -A FW -j DROP"],
  },
  {
    what: "a goto that may be for a set",
    policy: "ACCEPT",
    rules: ["[0:0] -A INPUT -g FW", "[9:99] -A FW -j DROP"],
  },
  { what: "a rule that does nothing", policy: "DROP", rules: ["[0:0] -A INPUT"] },
  { what: "a rule of an interface that does nothing", policy: "DROP", rules: ["[0:0] -A INPUT -i eth0"] },
  { what: "a rule that counts and does nothing", policy: "DROP", rules: ["[3:99] -A INPUT"] },
])("doubts $what", ({ policy, rules }) => expect(blocks(policy, ...rules)).toBe(false));
