import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Instance } from "../../src/core/desired.ts";
import { type Advert, isAdvertOf, parseAdvert } from "../../src/core/vrrp-advert.ts";

// texts as tcpdump 4.99.3 of Debian 12 printed them
const IPV4 = "IP (tos 0xc0, ttl 255, id 7, offset 0, flags [none], proto VRRP (112), length 40)";
const IPV6 = "IP6 (class 0xc0, hlim 255, next-header VRRP (112) payload length: 24)";
const FROM = "    198.51.100.11 > 224.0.0.18: ";
const V2 = "VRRPv2, Advertisement, vrid 51, prio 240, authtype simple, intvl 1s, length 20";
const V3 = "VRRPv3, Advertisement, vrid 52, prio 241, intvl 20cs, length 12";
const second = (rest: string) => `${IPV4}\n${FROM}${rest}`;
const withPassword = (printed: string) => second(`${V2}, addrs: 198.51.100.50 auth "${printed}"`);

const ADVERT_V2: Advert = {
  source: "198.51.100.11",
  destination: "224.0.0.18",
  version: 2,
  virtualRouterId: 51,
  priority: 240,
  addresses: ["198.51.100.50"],
  authPass: "blahblah",
  intervalSeconds: 1,
};
const ADVERT_V3: Advert = {
  ...ADVERT_V2,
  version: 3,
  virtualRouterId: 52,
  priority: 241,
  authPass: undefined,
  intervalSeconds: 0.2,
};

describe("an advert is read", () => {
  it.each<[string, string, Advert]>([
    ["of VRRPv2 with a password", withPassword("blahblah"), ADVERT_V2],
    [
      "of VRRPv2 without one",
      second(
        "VRRPv2, Advertisement, vrid 51, prio 240, authtype none, intvl 1s, length 20, addrs: 198.51.100.50",
      ),
      { ...ADVERT_V2, authPass: undefined },
    ],
    ["with the time before it", `17:04:35.699391 ${second(`${V3}, addrs: 198.51.100.50`)}`, { ...ADVERT_V3 }],
    [
      "sent to one peer",
      `${IPV4}\n    198.51.100.11 > 198.51.100.12: ${V3}, addrs: 198.51.100.50`,
      { ...ADVERT_V3, destination: "198.51.100.12" },
    ],
    [
      "that a router has passed on",
      second(
        "VRRPv3, Advertisement, (ttl 64), vrid 52, prio 241, intvl 20cs, length 12, addrs: 198.51.100.50",
      ),
      ADVERT_V3,
    ],
    [
      "that its host gives up with",
      second("VRRPv3, Advertisement, vrid 52, prio 0, intvl 20cs, length 12, addrs: 198.51.100.50"),
      { ...ADVERT_V3, priority: 0 },
    ],
    [
      "of the address owner, with the longest interval",
      second("VRRPv3, Advertisement, vrid 255, prio 255, intvl 4095cs, length 12, addrs: 198.51.100.50"),
      { ...ADVERT_V3, virtualRouterId: 255, priority: 255, intervalSeconds: 40.95 },
    ],
    [
      "of several addresses, in their order",
      second(`${V2}, addrs(3): 198.51.100.50,1.2.3.4,255.255.255.255 auth "blahblah"`),
      { ...ADVERT_V2, addresses: ["198.51.100.50", "1.2.3.4", "255.255.255.255"] },
    ],
    [
      "of no address",
      second(
        'VRRPv2, Advertisement, vrid 51, prio 240, authtype simple, intvl 1s, length 16, addrs: auth "blahblah"',
      ),
      { ...ADVERT_V2, addresses: [] },
    ],
    [
      "with options of IP",
      `IP (tos 0xc0, ttl 255, id 7, offset 0, flags [DF], proto VRRP (112), length 44, options (RA))\n${FROM}${V3}, addrs: 198.51.100.50`,
      ADVERT_V3,
    ],
    [
      "of IPv6, to one peer",
      "IP6 (class 0xc0, flowlabel 0x05699, hlim 64, next-header VRRP (112) payload length: 24) 2001:db8::11 > 2001:db8::12: VRRPv3, Advertisement, (ttl 64), vrid 54, prio 242, intvl 30cs, length 24, addrs: 2001:db8::54",
      {
        ...ADVERT_V3,
        source: "2001:db8::11",
        destination: "2001:db8::12",
        virtualRouterId: 54,
        priority: 242,
        addresses: ["2001:db8::54"],
        intervalSeconds: 0.3,
      },
    ],
    [
      "of IPv6, from a link-local address to all",
      "17:04:35.404690 IP6 (class 0xc0, flowlabel 0xc5d0d, hlim 255, next-header VRRP (112) payload length: 40) fe80::f45e:9eff:feb0:dcba > ff02::12: VRRPv3, Advertisement, vrid 53, prio 241, intvl 25cs, length 40, addrs(2): fe80::53,::ffff:1.2.3.4",
      {
        ...ADVERT_V3,
        source: "fe80::f45e:9eff:feb0:dcba",
        destination: "ff02::12",
        virtualRouterId: 53,
        addresses: ["fe80::53", "::ffff:102:304"],
        intervalSeconds: 0.25,
      },
    ],
  ])("%s", (_, text, advert) => expect(parseAdvert(text)).toEqual(advert));
});

describe("a packet is no advert", () => {
  it.each([
    ["without the line of its contents", IPV4],
    ["without the line of its addresses", `${FROM}${V3}, addrs: 198.51.100.50`],
    ["with a wrong checksum", second(`${V3}, (bad vrrp cksum a982), addrs: 198.51.100.50`)],
    [
      "with a wrong checksum of IP",
      `IP (tos 0xc0, ttl 255, id 7, offset 0, flags [none], proto VRRP (112), length 40, bad cksum 1 (->b04d)!)\n${FROM}${V3}, addrs: 198.51.100.50`,
    ],
    [
      "that is a fragment",
      `IP (tos 0xc0, ttl 255, id 7, offset 0, flags [+], proto VRRP (112), length 40)\n${FROM}${V3}, addrs: 198.51.100.50`,
    ],
    [
      "that is a later fragment",
      `IP (tos 0xc0, ttl 255, id 7, offset 16, flags [+], proto VRRP (112), length 40)\n${FROM}ip-proto-112`,
    ],
    [
      "shorter than it says",
      `IP truncated-ip - 40 bytes missing! (tos 0xc0, ttl 255, id 7, offset 0, flags [none], proto VRRP (112), length 80)\n${FROM}${V3}, addrs: 198.51.100.50`,
    ],
    [
      "of IPv6 shorter than it says",
      "IP6 truncated-ip6 - 26 bytes missing!(class 0xc0, hlim 255, next-header VRRP (112) payload length: 50) 2001:db8::11 > ff02::12: VRRPv3, Advertisement, vrid 52, prio 240, intvl 20cs, length 50, addrs: 2001:db8::54",
    ],
    ["that is empty", second("VRRP [|vrrp]")],
    ["cut in its head", second("VRRPv2, Advertisement, vrid 51, prio 240 [|vrrp]")],
    ["cut in its addresses", second(`${V2}, addrs(9): 198.51.100.50,98.108.97.104 [|vrrp]`)],
    ["cut in its password", second(`${V2}, addrs: 198.51.100.50 auth "bl [|vrrp]`)],
    ["with fewer addresses than it counts", second(`${V3}, addrs(3): 198.51.100.50,198.51.100.51`)],
    ["with an address that is none", second(`${V3}, addrs: 198.51.100.500`)],
    ["of VRRPv2 with VRRPv3's interval", second(`${V3.replace("v3", "v2")}, addrs: 198.51.100.50`)],
    [
      "with authentication that keepalived does not have",
      second(
        "VRRPv2, Advertisement, vrid 51, prio 240, authtype ah, intvl 1s, length 20, addrs: 198.51.100.50",
      ),
    ],
    [
      "with authentication that nobody has",
      second(
        "VRRPv2, Advertisement, vrid 51, prio 240, authtype #9, intvl 1s, length 20, addrs: 198.51.100.50",
      ),
    ],
    ["of an unknown type", second("VRRPv2, unknown type (2)")],
    ["of an unknown version", second("VRRPv4, Advertisement")],
    ["of VRRPv2 over IPv6", `${IPV6} 2001:db8::11 > ff02::12: ${V2}, addrs: [|vrrp]`],
    ["of another protocol", `${IPV4.replace("VRRP (112)", "ICMP (1)")}\n${FROM}${V3}, addrs: 198.51.100.50`],
    ["told by names", `${IPV4}\n    lb1.example.com > vrrp.mcast.net: ${V3}, addrs: 198.51.100.50`],
    ["that is nothing", ""],
  ])("%s", (_, text) => expect(parseAdvert(text)).toBeUndefined());

  it("whatever the text is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(parseAdvert(text)).toBeUndefined();
        expect(parseAdvert(`${IPV4}\n${text}`)).toBeUndefined();
      }),
    );
  });

  it("wherever it is cut", () => {
    const text = withPassword("blahblah");
    for (let length = 0; length < text.length; length += 1) {
      expect(parseAdvert(text.slice(0, length))).toBeUndefined();
    }
  });
});

const MAIN: Instance = {
  name: "main",
  interface: "eth0",
  virtualRouterId: 52,
  priority: 201,
  advertIntervalSeconds: 0.5,
  vrrpVersion: 3,
  preempt: false,
  preemptDelaySeconds: 0,
  unicast: undefined,
  firstVip: { address: "198.51.100.50", prefix: 32 },
  excludedVips: [{ address: "198.51.100.61", prefix: 32 }],
  authPass: undefined,
};
const OLD: Instance = {
  ...MAIN,
  virtualRouterId: 51,
  vrrpVersion: 2,
  advertIntervalSeconds: 1,
  authPass: "blahblah",
};

describe("hosts of an instance take", () => {
  it.each<[string, Instance, Advert]>([
    ["VRRPv3 at any interval", MAIN, ADVERT_V3],
    ["VRRPv2 at their own interval with their own password", OLD, ADVERT_V2],
    ["any password where theirs is not known", { ...OLD, authPass: undefined }, ADVERT_V2],
    ["the advert of a host that gives up", MAIN, { ...ADVERT_V3, priority: 0 }],
    [
      "their VIP of IPv6",
      { ...MAIN, firstVip: { address: "fd00::50", prefix: 128 } },
      { ...ADVERT_V3, addresses: ["fd00::50"] },
    ],
  ])("%s", (_, instance, advert) => expect(isAdvertOf(instance, advert)).toBe(true));
});

describe("hosts of an instance refuse", () => {
  it.each<[string, Instance, Advert]>([
    ["another version", MAIN, { ...ADVERT_V3, version: 2 }],
    ["another virtual router", MAIN, { ...ADVERT_V3, virtualRouterId: 53 }],
    ["another address", MAIN, { ...ADVERT_V3, addresses: ["198.51.100.61"] }],
    ["more than their first VIP", MAIN, { ...ADVERT_V3, addresses: ["198.51.100.50", "198.51.100.61"] }],
    ["no address", MAIN, { ...ADVERT_V3, addresses: [] }],
    ["the other family", MAIN, { ...ADVERT_V3, addresses: ["fd00::50"] }],
    ["VRRPv2 at another interval", OLD, { ...ADVERT_V2, intervalSeconds: 2 }],
    ["VRRPv2 with another password", OLD, { ...ADVERT_V2, authPass: "blahblaH" }],
    ["VRRPv2 without a password", OLD, { ...ADVERT_V2, authPass: undefined }],
  ])("%s", (_, instance, advert) => expect(isAdvertOf(instance, advert)).toBe(false));
});

it.each([
  ["a quote in it", 'a"b', 'a"b'],
  ["nothing but quotes", '""""""""', '""""""""'],
  ["the words that come before one", '" auth "', '" auth "'],
  ["the mark of a cut packet", "[|vrrp]", "[|vrrp]"],
  ["backslashes", "\\0x1\\\\", "\\0x1\\\\"],
  ["a new line", "a\nb", "a^Jb"],
  ["a tabulator", "a\tb", "a^Ib"],
  ["an escape sequence", "\u001b[31m", "^[[31m"],
  ["letters that are not ASCII", "été", "M-CM-)tM-CM-)"],
  ["bytes that look like control characters", "\u007f\u0080", "^?M-BM-^@"],
  ["spaces at its ends", " x ", " x "],
  ["more than VRRP carries", "123456789", "12345678"],
])("a password is recognized with %s", (_, authPass, printed) => {
  const advert = parseAdvert(withPassword(printed));

  expect(advert?.authPass).toBe(printed);
  expect(isAdvertOf({ ...OLD, authPass }, advert!)).toBe(true);
  expect(isAdvertOf({ ...OLD, authPass: "x" }, advert!)).toBe(false);
});

const v4 = fc.ipV4();
const octet = fc.integer({ min: 0, max: 255 });

it("every advert is read as it was, and is of an instance that says the same", () => {
  const adverts = fc.record({
    source: v4,
    destination: v4,
    virtualRouterId: octet,
    priority: octet,
    addresses: fc.array(v4, { maxLength: 30 }),
    authPass: fc.option(fc.stringMatching(/^[ -~]{0,8}$/), { nil: undefined }),
    intervalSeconds: octet,
  });
  fc.assert(
    fc.property(adverts, (fields) => {
      const { source, destination, virtualRouterId, priority, addresses, authPass, intervalSeconds } = fields;
      const count = addresses.length > 1 ? `(${addresses.length})` : "";
      const list = addresses.length > 0 ? ` ${addresses.join(",")}` : "";
      const auth = authPass === undefined ? "" : ` auth "${authPass}"`;
      const authType = authPass === undefined ? "none" : "simple";
      const advert = parseAdvert(
        `${IPV4}\n    ${source} > ${destination}: VRRPv2, Advertisement, vrid ${virtualRouterId}, prio ${priority}, authtype ${authType}, intvl ${intervalSeconds}s, length 20, addrs${count}:${list}${auth}`,
      );
      expect(advert).toEqual({ ...fields, version: 2 });

      const isMulticast = destination === "224.0.0.18";
      const unicast = { source, peers: [destination], isAlone: false };
      const instance: Instance = {
        ...OLD,
        unicast: isMulticast ? undefined : unicast,
        virtualRouterId,
        firstVip: { address: addresses[0] ?? "198.51.100.50", prefix: 32 },
        advertIntervalSeconds: intervalSeconds,
        authPass,
      };
      expect(isAdvertOf(instance, advert!)).toBe(addresses.length === 1);
      const otherwise = { ...instance, unicast: isMulticast ? unicast : undefined };
      expect(isAdvertOf(otherwise, advert!)).toBe(false);
    }),
  );
});
