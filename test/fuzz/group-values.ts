/** Settings of one group as an environment that means something: only its texts are hostile. */
import fc from "fast-check";
import { canonicalAddress, isHostAddress } from "../../src/network/address.ts";
import { hostileText } from "./hostile-text.ts";

type Environment = Readonly<Record<string, string>>;

const hostIp = (addresses: fc.Arbitrary<string>) =>
  addresses.filter((text) => {
    const canonical = canonicalAddress(text);
    return canonical !== undefined && isHostAddress(canonical);
  });
const ipv4 = hostIp(fc.ipV4());
const ipv6 = hostIp(fc.ipV6());

function cidr(address: fc.Arbitrary<string>, bits: number): fc.Arbitrary<string> {
  const prefix = fc.option(fc.integer({ min: 0, max: bits }), { nil: undefined });
  return fc.tuple(address, prefix).map(([text, it]) => (it === undefined ? text : `${text}/${it}`));
}

const anyCidr = fc.oneof(cidr(ipv4, 32), cidr(ipv6, 128));
const more = fc.array(anyCidr, { maxLength: 3 });
const hundredths = (min: number, max: number) => fc.integer({ min, max }).map((it) => String(it / 100));

const shared = {
  PRIORITY: fc.integer({ min: 1, max: 254 }).map(String),
  PREEMPT: fc.constantFrom("true", "false"),
  PREEMPT_DELAY: hundredths(0, 100_000),
  UNICAST: fc.constantFrom("true", "false"),
};
const vips = (first: fc.Arbitrary<string>) =>
  fc.tuple(first, more).map(([text, rest]) => [text, ...rest].join(","));
const v3 = (
  VIRTUAL_IP: fc.Arbitrary<string>,
  UNICAST_PEERS: fc.Arbitrary<string>,
): fc.Arbitrary<Environment> =>
  fc.record({ ...shared, VIRTUAL_IP, UNICAST_PEERS, ADVERT_INTERVAL: hundredths(5, 4_095) });
const peersOf = (address: fc.Arbitrary<string>) =>
  fc.array(address, { maxLength: 3 }).map((peers) => peers.join(" "));

const version2 = fc.record({
  ...shared,
  VIRTUAL_IP: vips(cidr(ipv4, 32)),
  UNICAST_PEERS: peersOf(ipv4),
  VRRP_VERSION: fc.constant("2"),
  ADVERT_INTERVAL: fc.integer({ min: 1, max: 255 }).map(String),
  AUTH_PASS: fc.oneof(hostileText, fc.string({ unit: "grapheme" })).map(firstEightBytes),
});

/** VRRPv2 with a password most of the time: that is the freest text of all. */
export const groupValues: fc.Arbitrary<Environment> = fc.oneof(
  { weight: 4, arbitrary: version2 },
  { weight: 1, arbitrary: v3(vips(cidr(ipv4, 32)), peersOf(ipv4)) },
  { weight: 1, arbitrary: v3(vips(cidr(ipv6, 128)), peersOf(ipv6)) },
);

function firstEightBytes(text: string): string {
  let kept = "";
  for (const character of text.trim()) {
    if (Buffer.byteLength(kept + character) > 8) break;
    kept += character;
  }
  return kept;
}
