import { describe, expect, it } from "vitest";
import { ERRORS } from "../../src/errors.ts";
import type { InstanceStatus } from "../../src/keepalived/instance-status.ts";
import { type HostFacts, judgeHost, judgeRequirements } from "../../src/preflight/findings.ts";

const GROUP: InstanceStatus = {
  name: "main",
  state: "BACKUP",
  since: "",
  interface: "eth0",
  virtualRouterId: 100,
  priority: 250,
  prioritySource: "derived",
  vips: ["198.51.100.100/24"],
  source: "198.51.100.11",
  peers: ["198.51.100.13", "198.51.100.12"],
};
const WELL: HostFacts = {
  keepalivedVersion: "2.2.7",
  missingPrograms: [],
  signs: undefined,
  metadataRoute: undefined,
  filters: [],
  fullTable: undefined,
  groups: [GROUP],
  hasPortCheck: true,
  iptablesBackend: "auto",
};

function filter(...lines: string[]): string {
  return ["*filter", ":INPUT ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ...lines, "COMMIT", ""].join("\n");
}

const nft = (...lines: string[]) =>
  ({ family: "ipv4", backend: "nft", read: { kind: "table", text: filter(...lines) } }) as const;
const unusable = (backend: "nft" | "legacy") =>
  ({
    family: "ipv4",
    backend,
    read: { kind: "error", reason: "iptables-unusable", detail: "exit status 127" },
  }) as const;
const absent = (backend: "nft" | "legacy") =>
  ({ family: "ipv4", backend, read: { kind: "absent" } }) as const;

const METADATA = "169.254.169.250";

it.each([
  { what: "nothing", facts: {}, codes: [] },
  { what: "an old keepalived", facts: { keepalivedVersion: "1.3.9" }, codes: ["KEEPALIVED_TOO_OLD"] },
  { what: "a missing ip", facts: { missingPrograms: ["ip"] }, codes: ["PROGRAM_MISSING"] },
  { what: "nothing in a missing perl", facts: { missingPrograms: ["perl"] }, codes: [] },
  {
    what: "a missing route to metadata",
    facts: { metadataRoute: { address: METADATA, route: { kind: "none" } } },
    codes: ["METADATA_UNROUTED"],
  },
  {
    what: "a gateway to metadata",
    facts: { metadataRoute: { address: METADATA, route: { kind: "gateway", gateway: "198.51.100.1" } } },
    codes: ["METADATA_UNROUTED"],
  },
  {
    what: "nothing in a gateway to a metadata service elsewhere",
    facts: { metadataRoute: { address: "203.0.113.5", route: { kind: "gateway", gateway: "198.51.100.1" } } },
    codes: [],
  },
  {
    what: "nothing in Rancher's route",
    facts: { metadataRoute: { address: METADATA, route: { kind: "direct" } } },
    codes: [],
  },
  {
    what: "nothing in an unknown route",
    facts: { metadataRoute: { address: METADATA, route: { kind: "unknown" } } },
    codes: [],
  },
  {
    what: "both directions blocked",
    facts: { filters: [nft("-A INPUT -p vrrp -j DROP", "-A OUTPUT -p vrrp -j DROP")] },
    codes: ["VRRP_BLOCKED", "VRRP_BLOCKED"],
  },
  {
    what: "a full table of connections",
    facts: { fullTable: "the table of tracked connections is full" },
    codes: ["CONNTRACK_FULL"],
  },
  {
    what: "nothing in rules of the other family",
    facts: { filters: [{ ...nft("-A INPUT -j DROP"), family: "ipv6" }], hasPortCheck: false },
    codes: [],
  },
  {
    what: "nothing in rules where the host is alone",
    facts: { filters: [nft("-A INPUT -j DROP")], groups: [{ ...GROUP, peers: [] }] },
    codes: [],
  },
  {
    what: "iptables that is missing",
    facts: { filters: [unusable("nft"), absent("legacy")] },
    codes: ["IPTABLES_UNUSABLE"],
  },
  {
    what: "nothing in iptables that no check needs",
    facts: { filters: [unusable("nft")], hasPortCheck: false },
    codes: [],
  },
  {
    what: "nothing where the other backend is there",
    facts: { filters: [unusable("legacy"), nft()] },
    codes: [],
  },
  {
    what: "the chosen backend, whatever the other one is",
    facts: { filters: [unusable("legacy"), nft()], iptablesBackend: "legacy" },
    codes: ["IPTABLES_UNUSABLE"],
  },
] satisfies { what: string; facts: Partial<HostFacts>; codes: string[] }[])(
  "finds $what",
  ({ facts, codes }) => {
    expect(judgeHost({ ...WELL, ...facts }).map(({ code }) => code)).toEqual(codes);
  },
);

it("names the hosts, the direction, the rule and the fix", () => {
  const [finding, ...others] = judgeHost({ ...WELL, filters: [nft("-A INPUT -p vrrp -j DROP")] });

  expect(finding?.message).toBe(
    "protocol 112 from 198.51.100.12, 198.51.100.13 is dropped by the rule -A INPUT -p vrrp -j DROP (iptables of nft, ipv4)",
  );
  expect(finding?.hint).toBe(ERRORS.VRRP_BLOCKED);
  expect(others).toEqual([]);
});

it("finds blocked multicast, where the addresses of the other hosts are unknown", () => {
  const groups = [{ ...GROUP, source: undefined, peers: [] }];
  const [finding] = judgeHost({ ...WELL, groups, filters: [nft("-A OUTPUT -d 224.0.0.0/4 -j DROP")] });

  expect(finding?.message).toContain("protocol 112 to 224.0.0.18 is dropped");
});

it("names five of many hosts", () => {
  const peers = [1, 2, 3, 4, 5, 6, 7].map((number) => `203.0.113.${number}`);
  const filters = [nft("-A INPUT -p vrrp -j DROP")];
  const [finding] = judgeHost({ ...WELL, groups: [{ ...GROUP, peers }], filters });

  expect(finding?.message).toContain("203.0.113.5 and 2 more");
});

describe("an agent must not start", () => {
  it.each([
    { capabilities: ["NET_ADMIN"], programs: [], message: "the agent runs without NET_ADMIN" },
    {
      capabilities: ["NET_BROADCAST", "NET_RAW"],
      programs: ["keepalived"],
      message: "the agent runs without NET_RAW",
    },
    {
      capabilities: ["NET_RAW", "NET_ADMIN"],
      programs: [],
      message: "the agent runs without NET_ADMIN and NET_RAW",
    },
    { capabilities: [], programs: ["keepalived"], message: "keepalived cannot be found on the PATH" },
    { capabilities: [], programs: ["setpriv"], message: "setpriv cannot be found on the PATH" },
    { capabilities: ["NET_BROADCAST"], programs: ["ip", "perl"], message: undefined },
  ] as const)("without $capabilities, $programs: $message", ({ capabilities, programs, message }) => {
    const finding = judgeRequirements({ missingCapabilities: capabilities, missingPrograms: programs });

    expect(finding?.message).toBe(message);
  });
});
