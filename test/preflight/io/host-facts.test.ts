/** The facts that preflight judges, read in real networks and with real capabilities. */
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import type { FilterRead } from "../../../src/iptables/table-read.ts";
import { findBlockedAdverts } from "../../../src/preflight/vrrp-blocked.ts";

const PROGRAM = new URL("./host-facts-program.ts", import.meta.url).pathname;
const METADATA = "169.254.169.250";

interface Facts {
  readonly missingCapabilities: string[];
  readonly missingPrograms: string[];
  readonly isFirstNetwork: boolean;
  readonly sysctls: (number | null)[];
  readonly route: unknown;
  readonly version: string | null;
  readonly filters: FilterRead[];
}

/** @param setup shell commands in a new network, which is gone with the program. */
async function factsAfter(
  setup: readonly string[],
  options: { args?: readonly string[]; wrap?: readonly string[]; path?: string } = {},
): Promise<Facts> {
  const { args = [METADATA], wrap = [], path = process.env["PATH"] } = options;
  const script = [...setup, 'exec "$@"'].join("; ");
  const program = [...wrap, "env", `PATH=${path}`, process.execPath, PROGRAM, ...args];
  const { stdout } = await execa("unshare", ["--net", "sh", "-ec", script, "sh", ...program]);
  return JSON.parse(stdout);
}

const ETH0 = [
  "ip link set lo up",
  "ip link add eth0.100 type bridge",
  "ip link set eth0.100 up",
  "ip address add 198.51.100.11/24 dev eth0.100",
];
const GROUP = {
  interface: "eth0",
  vips: ["198.51.100.100/24"],
  source: "198.51.100.11",
  peers: ["198.51.100.12"],
};

it("finds the capabilities that this process lacks, and its programs", async () => {
  const facts = await factsAfter([], { wrap: ["setpriv", "--bounding-set", "-net_admin,-net_raw"] });

  expect(facts.missingCapabilities).toEqual(["NET_ADMIN", "NET_RAW"]);
  expect(facts.missingPrograms).toEqual([]);
  expect(facts.version).toMatch(/^2\.\d+\.\d+$/);
});

it("finds every program missing where the PATH is empty, and does not fail", async () => {
  const facts = await factsAfter([], { path: "/nowhere::relative" });

  expect(facts.missingPrograms).toEqual(["keepalived", "setpriv", "ip"]);
  expect(facts.version).toBeNull();
  expect(facts.route).toEqual({ kind: "unknown" });
  expect(facts.filters).toContainEqual(
    expect.objectContaining({
      backend: "nft",
      read: expect.objectContaining({ kind: "error", reason: "iptables-unusable" }),
    }),
  );
});

it("sees that a network namespace made later is not the first one", async () => {
  expect((await factsAfter([])).isFirstNetwork).toBe(false);

  const { stdout } = await execa(process.execPath, [PROGRAM, METADATA]);
  expect(JSON.parse(stdout).isFirstNetwork).toBe(true);
});

it("reads kernel settings, also of an interface with a dot in its name", async () => {
  const setup = [
    ...ETH0,
    "echo 1 > /proc/sys/net/ipv4/ip_nonlocal_bind",
    "echo 8 > /proc/sys/net/ipv4/conf/eth0.100/arp_ignore",
  ];
  const names = [
    "net.ipv4.ip_nonlocal_bind",
    "net.ipv4.conf.eth0.100.arp_ignore",
    "net.ipv4.conf.gone0.arp_ignore",
  ];
  const { sysctls } = await factsAfter(setup, { args: [METADATA, ...names] });

  expect(sysctls).toEqual([1, 8, null]);
});

describe("the route to the metadata service", () => {
  it.each([
    { what: "none", setup: ETH0, route: { kind: "none" } },
    {
      what: "one by the gateway",
      setup: [...ETH0, "ip route add default via 198.51.100.1"],
      route: { kind: "gateway", gateway: "198.51.100.1" },
    },
    {
      what: "Rancher's",
      setup: [...ETH0, `ip route add ${METADATA}/32 dev eth0.100`],
      route: { kind: "direct", link: "eth0.100" },
    },
    {
      what: "one that refuses",
      setup: [...ETH0, `ip route add unreachable ${METADATA}/32`],
      route: { kind: "none" },
    },
  ])("is $what", async ({ setup, route }) => {
    expect((await factsAfter(setup)).route).toMatchObject(route);
  });
});

describe("rules of the host", () => {
  it.each([
    {
      what: "of nft",
      rule: "iptables-nft -A INPUT -p 112 -j DROP",
      by: "the rule -A INPUT -p vrrp -j DROP (iptables of nft, ipv4)",
    },
    {
      what: "of legacy",
      rule: "iptables-legacy -P OUTPUT DROP",
      by: "the policy of OUTPUT (iptables of legacy, ipv4)",
    },
  ])("$what that drop adverts are found", async ({ rule, by }) => {
    const { filters } = await factsAfter([rule]);

    expect(findBlockedAdverts([GROUP], filters)).toEqual([
      expect.objectContaining({ code: "VRRP_BLOCKED", message: expect.stringContaining(by) }),
    ]);
  });

  it("of IPv6 are read for groups of IPv6 only", async () => {
    const { filters } = await factsAfter([
      "ip6tables-nft -A INPUT -p 112 -j DROP",
      "ip6tables-legacy -A INPUT -p 112 -j DROP",
    ]);
    const group6 = { ...GROUP, vips: ["2001:db8::100/64"], source: "2001:db8::11", peers: ["2001:db8::12"] };

    expect(findBlockedAdverts([group6], filters)).toHaveLength(2);
    expect(findBlockedAdverts([GROUP], filters)).toEqual([]);
  });

  it.each([
    { what: "a verdict map", rule: "ip protocol vmap '{ 112 : accept }'", policy: "drop" },
    { what: "a set", rule: "ip saddr '{ 203.0.113.1, 203.0.113.2 }' drop", policy: "accept" },
  ])("of nft that iptables cannot tell say nothing: $what", async ({ rule, policy }) => {
    const { filters } = await factsAfter([
      "nft add table ip filter",
      `nft 'add chain ip filter INPUT { type filter hook input priority 0 ; policy ${policy} ; }'`,
      `nft add rule ip filter INPUT ${rule}`,
    ]);

    expect(findBlockedAdverts([GROUP], filters)).toEqual([]);
  });

  it("are read without making a legacy table", async () => {
    const names = "/proc/net/ip_tables_names";
    const script = `"$@" > /dev/null; cat ${names}`;
    const { stdout } = await execa("unshare", [
      "--net",
      "sh",
      "-ec",
      script,
      "sh",
      process.execPath,
      PROGRAM,
      METADATA,
    ]);

    expect(stdout).toBe("");
  });
});
