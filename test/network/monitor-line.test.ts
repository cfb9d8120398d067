import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { canonicalAddress } from "../../src/network/address.ts";
import {
  isLapse,
  isNetworkChange,
  isVipChange,
  removedAddress,
  tentativeAddress,
} from "../../src/network/monitor-line.ts";

const VIPS = new Set(["198.51.100.50", "2001:db8::50"]);
const isVip = (address: string) => VIPS.has(address);

// lines as iproute2 6.1 prints them on Linux 6.18
describe("the network is read again after", () => {
  it.each([
    [
      "a link that appears",
      "4: br0: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group default \\    link/ether de:46:fa:62:6e:99 brd ff:ff:ff:ff:ff:ff",
    ],
    [
      "a link upon another one",
      "3: bond0.100@bond0: <BROADCAST,MULTICAST,M-DOWN> mtu 1500 qdisc noop state DOWN group default \\    link/ether 76:1d:6b:8c:46:04 brd ff:ff:ff:ff:ff:ff",
    ],
    [
      "a link that is gone",
      "Deleted 3: eth-new@NONE: <BROADCAST,MULTICAST> mtu 1400 qdisc noop state DOWN group default \\    link/ether 02:00:00:00:01:01 brd ff:ff:ff:ff:ff:ff",
    ],
    [
      "the port of a bridge",
      "2: veth0p@veth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 master br0 state UP \\    link/ether fe:dc:75:48:19:8b",
    ],
    [
      "an address that appears",
      "3: veth0    inet 198.51.100.11/24 scope global veth0\\       valid_lft forever preferred_lft forever",
    ],
    [
      "an address that is gone",
      "Deleted 3: veth0    inet6 2001:db8::11/64 scope global \\       valid_lft forever preferred_lft forever",
    ],
    [
      "an address whose interface was renamed",
      "3: veth0    inet 198.51.100.12/24 scope global secondary dynamic eth-new:2\\       valid_lft 92sec preferred_lft 42sec",
    ],
    [
      "an address that has a virtual IP for a peer",
      "2: bond0    inet 198.51.100.61 peer 198.51.100.50/32 scope global bond0\\       valid_lft forever preferred_lft forever",
    ],
    [
      "an address of an interface that is named like a word of these lines",
      "2: inet    inet 198.51.100.11/24 scope global inet\\       valid_lft forever preferred_lft forever",
    ],
    ["a default route", "default via 198.51.100.1 dev veth0 "],
    ["a default route of IPv6", "default via 2001:db8::1 dev veth0 metric 1024 pref medium"],
    ["a default route that is gone", "Deleted default via 2001:db8::1 dev veth0 metric 1024 pref medium"],
    ["a default route with a type", "blackhole default metric 900 "],
    ["a default route with a type that is gone", "Deleted unreachable default metric 900 "],
    [
      "a default route over several hops",
      "default metric 800 \\\tnexthop via 198.51.100.1 dev bond0 weight 1 \\\tnexthop via 198.51.100.2 dev bond0 weight 1 ",
    ],
  ])("%s", (_, line) => expect(isNetworkChange(line, isVip)).toBe(true));
});

describe("the network is not read again after", () => {
  it.each([
    [
      "a virtual IP that appears",
      "3: veth0    inet 198.51.100.50/32 scope global veth0\\       valid_lft forever preferred_lft forever",
    ],
    [
      "a virtual IP that is gone",
      "Deleted 3: veth0    inet6 2001:db8::50/128 scope global nodad \\       valid_lft forever preferred_lft forever",
    ],
    [
      "a virtual IP with a peer",
      "2: bond0    inet 198.51.100.50 peer 198.51.100.62/32 scope global bond0\\       valid_lft forever preferred_lft forever",
    ],
    [
      "the kernel's own route to an address",
      "local 198.51.100.50 dev veth0 table local proto kernel scope host src 198.51.100.50 ",
    ],
    [
      "the kernel's own route that is gone",
      "Deleted 2001:db8::50 dev veth0 proto kernel metric 256 pref medium",
    ],
    ["a route to a subnet", "203.0.113.0/24 via 198.51.100.1 dev veth0 "],
    ["a subnet that cannot be reached", "unreachable 203.0.113.7 "],
    ["a default route of another table", "default via 198.51.100.3 dev bond0 table 100 "],
    ["a route for multicast", "multicast ff00::/8 dev veth0 table local proto kernel metric 256 pref medium"],
    ["a route over an interface of that name", "203.0.113.0/24 dev default scope link "],
    ["nothing", ""],
  ])("%s", (_, line) => expect(isNetworkChange(line, isVip)).toBe(false));
});

it.each([
  ["Deleted 3: veth0    inet6 2001:DB8::11/64 scope global \\       valid_lft forever", "2001:db8::11"],
  ["3: veth0    inet 198.51.100.11/24 scope global veth0\\       valid_lft forever", undefined],
  ["Deleted 3: eth-new@NONE: <BROADCAST,MULTICAST> mtu 1400 qdisc noop", undefined],
  ["Deleted 2001:db8::50 dev veth0 proto kernel metric 256 pref medium", undefined],
])("%s: the address that is gone is %s", (line, want) => expect(removedAddress(line)).toBe(want));

it.each([
  [
    "Deleted 3: eth0    inet 198.51.100.50/32 scope global dynamic eth0\\       valid_lft 0sec preferred_lft 0sec",
    true,
  ],
  [
    "Deleted 3: eth0    inet6 2001:db8::50/128 scope global dynamic \\       valid_lft 0sec preferred_lft 0sec",
    true,
  ],
  [
    "Deleted 3: eth0    inet 198.51.100.50/32 scope global dynamic eth0\\       valid_lft 1sec preferred_lft 1sec",
    false,
  ],
  [
    "Deleted 3: eth0    inet 198.51.100.50/32 scope global eth0\\       valid_lft forever preferred_lft forever",
    false,
  ],
  [
    "3: eth0    inet 198.51.100.50/32 scope global dynamic eth0\\       valid_lft 0sec preferred_lft 0sec",
    false,
  ],
])("%s: its lifetime ran out: %s", (line, want) => expect(isLapse(line)).toBe(want));

const interfaceName = fc.stringMatching(/^[!-.0-9;-~]{1,15}$/);
const address = fc.oneof(
  fc.ipV4(),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => ipaddr.fromByteArray([...bytes]).toString()),
);
const head = fc
  .record({ gone: fc.constantFrom("", "Deleted "), index: fc.integer({ min: 1, max: 2 ** 31 - 1 }) })
  .map(({ gone, index }) => `${gone}${index}: `);

describe("for every name that the kernel allows", () => {
  it("an address is news unless it is ours", () => {
    fc.assert(
      fc.property(head, interfaceName, address, fc.boolean(), (start, name, text, hasIt) => {
        const family = text.includes(":") ? "inet6" : "inet";
        const line = `${start}${name}    ${family} ${text}/${hasIt ? 32 : 24} scope global ${name}\\       valid_lft forever`;
        const asked: string[] = [];
        const isNews = isNetworkChange(line, (local) => {
          asked.push(local);
          return hasIt;
        });

        expect(isNews).toBe(!hasIt);
        expect(asked).toEqual([canonicalAddress(text)]);
      }),
    );
  });

  it("a link is news, whatever is ours", () => {
    fc.assert(
      fc.property(head, interfaceName, interfaceName, (start, name, lower) => {
        const line = `${start}${name}@${lower}: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group default`;
        expect(isNetworkChange(line, () => true)).toBe(true);
      }),
    );
  });
});

describe("of an address that keepalived adds and deletes", () => {
  const vip = "198.51.100.50";
  const isVip = (address: string) => address === vip;

  it.each([
    { line: `3: eth0    inet ${vip}/32 scope global eth0`, want: true },
    { line: `Deleted 3: eth0    inet ${vip}/32 scope global eth0`, want: true },
    { line: "3: eth0    inet 198.51.100.51/32 scope global eth0", want: false },
    { line: "3: eth0: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group default", want: false },
    { line: `local ${vip} dev eth0 table local proto kernel scope host src ${vip}`, want: false },
  ])("`$line` tells: $want", ({ line, want }) => {
    expect(isVipChange(line, isVip)).toBe(want);
  });
});

describe("an address that cannot send", () => {
  const address = "2001:db8::5";

  it.each([
    { line: `3: d0    inet6 ${address}/64 scope global tentative \\       valid_lft forever`, want: address },
    {
      line: `3: d0    inet6 ${address}/64 scope global dadfailed tentative \\       valid_lft forever`,
      want: address,
    },
    { line: `3: d0    inet6 ${address}/64 scope global \\       valid_lft forever`, want: undefined },
    {
      line: `3: d0    inet6 ${address}/64 scope global nodad deprecated \\       valid_lft forever`,
      want: undefined,
    },
    {
      line: `Deleted 3: d0    inet6 ${address}/64 scope global tentative \\       valid_lft forever`,
      want: undefined,
    },
  ])("is told by `$line`: $want", ({ line, want }) => {
    expect(tentativeAddress(line)).toBe(want);
  });
});
