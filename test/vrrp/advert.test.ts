import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Advert, parseAdvert } from "../../src/vrrp/advert.ts";
import { advertPacket, packetOf } from "../fixtures/wire.ts";

const ascii = (text: string) => [...text].map((character) => character.charCodeAt(0));
const VERSION_2 = { version: 2, virtualRouterId: 51, priority: 240, interval: 1, authType: 1 };
const WITH_PASSWORD = { ...VERSION_2, auth: ascii("blahblah") };
const IPV6 = { source: "2001:db8::11", destination: "2001:db8::12", addresses: ["2001:db8::54"] };

const ADVERT_V3: Advert = {
  source: "198.51.100.11",
  destination: "224.0.0.18",
  ttl: 255,
  version: 3,
  virtualRouterId: 52,
  priority: 241,
  addresses: ["198.51.100.50"],
  authPass: undefined,
  intervalSeconds: 0.2,
};
const ADVERT_V2: Advert = {
  ...ADVERT_V3,
  version: 2,
  virtualRouterId: 51,
  priority: 240,
  authPass: "blahblah",
  intervalSeconds: 1,
};

describe("an advert is read", () => {
  it.each<[string, Uint8Array, Advert]>([
    ["of VRRPv3", advertPacket(), ADVERT_V3],
    ["of VRRPv2 with a password", advertPacket(WITH_PASSWORD), ADVERT_V2],
    [
      "of VRRPv2 without one",
      advertPacket({ ...VERSION_2, authType: 0 }),
      { ...ADVERT_V2, authPass: undefined },
    ],
    [
      "with a short password",
      advertPacket({ ...VERSION_2, auth: [...ascii("abc"), 0, 0, 0, 0, 0] }),
      { ...ADVERT_V2, authPass: "abc" },
    ],
    [
      "sent to one peer and forwarded by a router",
      advertPacket({ destination: "198.51.100.12", ttl: 64 }),
      { ...ADVERT_V3, destination: "198.51.100.12", ttl: 64 },
    ],
    ["that releases the VIPs", advertPacket({ priority: 0 }), { ...ADVERT_V3, priority: 0 }],
    [
      "with the longest interval",
      advertPacket({ interval: 4_095 }),
      { ...ADVERT_V3, intervalSeconds: 40.95 },
    ],
    [
      "of several addresses, in their order",
      advertPacket({ addresses: ["198.51.100.50", "1.2.3.4"] }),
      { ...ADVERT_V3, addresses: ["198.51.100.50", "1.2.3.4"] },
    ],
    ["of no address", advertPacket({ addresses: [] }), { ...ADVERT_V3, addresses: [] }],
    ["followed by padding", Uint8Array.from([...advertPacket(), ...new Array(14).fill(0)]), ADVERT_V3],
    ["over IPv6", advertPacket(IPV6), { ...ADVERT_V3, ...IPV6 }],
    [
      "of VRRPv2 as keepalived 2.2.7 sent it",
      packetOf({ ...ADVERT_V2 }, [...Buffer.from("2133f00101013bbac6336432626c6168626c6168", "hex")]),
      ADVERT_V2,
    ],
  ])("%s", (_, packet, advert) => expect(parseAdvert(packet)).toEqual(advert));
});

describe("a packet is not an advert", () => {
  const change = (at: number, value: number, packet = advertPacket()) => packet.with(at, value);
  it.each<[string, Uint8Array]>([
    ["without bytes", new Uint8Array()],
    ["with a wrong checksum", change(22, 1)],
    ["of VRRPv2 with a wrong checksum", change(22, 1, advertPacket(WITH_PASSWORD))],
    ["that is a fragment", change(6, 0x20)],
    ["that is a later fragment", change(7, 16)],
    ["shorter than it says", change(3, 80)],
    ["with a header shorter than any", change(0, 0x44)],
    ["of another protocol", change(9, 1)],
    ["that counts more addresses than it has", packetOf(ADVERT_V3, [0x31, 52, 241, 9, 0, 20, 0xce, 0xe5])],
    ["with an incomplete header", packetOf(ADVERT_V3, [0x31, 52, 241])],
    ["of an unknown type", change(20, 0x32)],
    ["of an unknown version", change(20, 0x41)],
    ["with authentication that keepalived does not have", advertPacket({ ...WITH_PASSWORD, authType: 2 })],
    ["of VRRPv2 over IPv6", advertPacket({ ...VERSION_2, ...IPV6, authType: 0 })],
  ])("%s", (_, packet) => expect(parseAdvert(packet)).toBeUndefined());

  it("of random bytes, and nothing is thrown", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        parseAdvert(bytes);
        const isRight = parseAdvert(packetOf(ADVERT_V3, [...bytes])) !== undefined;
        expect(isRight && bytes.length < 8).toBe(false);
      }),
    );
  });

  it("cut short at any byte", () => {
    const packet = advertPacket(WITH_PASSWORD);
    for (let length = 0; length < packet.length; length += 1)
      expect(parseAdvert(packet.slice(0, length))).toBeUndefined();
  });
});
