import { expect, it } from "vitest";
import { parseAdvert } from "../../src/vrrp/advert.ts";
import { bytesOfHex, checksumOf } from "../../src/vrrp/packet.ts";
import { parseFrame } from "../../src/wire/frame.ts";
import { greeterOf, helloPacket } from "../../src/wire/hello.ts";
import { advertPacket } from "../fixtures/wire.ts";

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

it.each([
  {
    family: "IPv4",
    source: "198.51.100.11",
    destination: "224.0.0.18",
    mac: "01:00:5e:00:00:12",
    vip: "198.51.100.50",
  },
  {
    family: "IPv6",
    source: "fe80::11",
    destination: "ff02::12",
    mac: "33:33:00:00:00:12",
    vip: "2001:db8::50",
  },
])("is a whole packet over $family that no group can have sent", ({ source, destination, mac, vip }) => {
  const {
    etherType,
    destination: destinationMac,
    packet,
  } = helloPacket({
    source,
    destination,
    destinationMac: mac,
    vip,
    by: "newcomer",
  });

  expect(destinationMac).toBe(mac.replaceAll(":", ""));
  expect(parseAdvert(bytesOfHex(packet))).toMatchObject({
    source,
    destination,
    ttl: 255,
    version: 3,
    virtualRouterId: 0,
    priority: 0,
    addresses: [vip],
  });
  expect(parseFrame(`eth0 ${etherType} 020000000001 ${packet}`)).toMatchObject({ hello: { source } });
  if (source.includes(".")) expect(checksumOf(bytesOfHex(packet.slice(0, 40)))).toBe(0);
});

it.each(["newcomer", "owner", "backup"] as const)("tells who says it: a %s", (by) => {
  const { packet } = helloPacket({
    source: "198.51.100.11",
    destination: "198.51.100.12",
    destinationMac: "02:00:00:00:00:02",
    vip: "198.51.100.50",
    by,
  });
  const { hello } = parseFrame(`eth0 2048 020000000001 ${packet}`) ?? {};

  expect(hello && greeterOf(hello)).toBe(by);
});

it("is no advert, whatever else it says: a forged one moves nothing", () => {
  const frame = (virtualRouterId: number) =>
    parseFrame(`eth0 2048 020000000002 ${hexOf(advertPacket({ virtualRouterId, priority: 255 }))}`);

  expect(frame(0)).toMatchObject({ hello: { priority: 255 } });
  expect(frame(0)?.advert).toBeUndefined();
  expect(frame(1)?.advert).toMatchObject({ virtualRouterId: 1 });
  expect(frame(1)?.hello).toBeUndefined();
});
