import { expect, it } from "vitest";
import { findPathFault, forwardingOff, isForwarded, type PathFacts } from "../../src/health/target-path.ts";
import type { FilterRead } from "../../src/iptables/table-read.ts";

const PACKET = { protocol: "tcp", inInterface: "eth0", target: "10.42.1.2", targetPort: 80 } as const;

function filter(policy: string, rules: readonly string[] = []): FilterRead {
  const text = ["*filter", `:FORWARD ${policy} [0:0]`, ...rules, "COMMIT", ""].join("\n");
  return { family: "ipv4", backend: "legacy", read: { kind: "table", text } };
}

const WELL: PathFacts = {
  route: { kind: "direct", link: "docker0" },
  hasOtherRoutes: false,
  filters: [filter("ACCEPT")],
};
const faultWith = (facts: Partial<PathFacts>) => findPathFault(PACKET, { ...WELL, ...facts })?.reason;
const REPLIES = "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
const over = (link: string) => [REPLIES, `-A FORWARD -o ${link} -j ACCEPT`];

it.each<{ why: string; facts: Partial<PathFacts>; is?: string }>([
  { why: "all is well", facts: {} },
  { why: "there is no route", facts: { route: { kind: "none" } }, is: "no-route" },
  { why: "forwarded packets may have a route", facts: { route: { kind: "none" }, hasOtherRoutes: true } },
  { why: "the route cannot be read", facts: { route: { kind: "unknown" }, filters: [filter("DROP")] } },
  { why: "one backend drops", facts: { filters: [filter("ACCEPT"), filter("DROP")] }, is: "forward-dropped" },
  { why: "the way out is accepted", facts: { filters: [filter("DROP", over("docker0"))] } },
  { why: "another way is", facts: { filters: [filter("DROP", over("br-1"))] }, is: "forward-dropped" },
  {
    why: "a gateway's link is another",
    facts: {
      route: { kind: "gateway", gateway: "10.0.0.1", link: "eth1" },
      filters: [filter("DROP", over("docker0"))],
    },
    is: "forward-dropped",
  },
  { why: "it may go that way", facts: { filters: [filter("DROP", over("br-1"))], hasOtherRoutes: true } },
  {
    why: "the target is this host",
    facts: { route: { kind: "direct", link: "lo" }, filters: [filter("DROP")] },
  },
  {
    why: "a table cannot be read",
    facts: { filters: [{ family: "ipv4", backend: "nft", read: { kind: "error", reason: "timeout" } }] },
  },
  { why: "it is IPv6's table", facts: { filters: [{ ...filter("DROP"), family: "ipv6" }] } },
])("says $is where $why", ({ facts, is }) => {
  expect(faultWith(facts)).toBe(is);
});

it("names what is wrong, and what to do", () => {
  const dropped = findPathFault(PACKET, { ...WELL, filters: [filter("DROP")] });
  expect(dropped?.detail).toContain("10.42.1.2:80 is dropped by the policy of FORWARD, iptables of legacy: ");
  expect(forwardingOff("net.ipv4.conf.eth0.forwarding").detail).toContain("set net.ipv4.ip_forward to 1");
});

it("takes a target for one behind this host only if the route says so", () => {
  expect(isForwarded({ kind: "unknown" })).toBe(false);
  expect(isForwarded({ kind: "direct", link: "lo" })).toBe(false);
  expect(isForwarded({ kind: "none" })).toBe(true);
});
