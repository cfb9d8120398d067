/** What the table of nft does with adverts that came through a router, by real packets on loopback. */
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { nftText } from "../../../src/sending/notrack-text.ts";

const NAMESPACE = `rk${process.pid}ttl`;
const inside = (...command: string[]) => ["netns", "exec", NAMESPACE, ...command];

/** Sends a packet of protocol 112 with each TTL, and prints the TTLs of those that a raw socket gets, as keepalived's does. */
const ARRIVALS = `
use Socket;
socket(my $in, AF_INET, SOCK_RAW, 112) or die;
bind($in, pack_sockaddr_in(0, inet_aton("127.0.0.1"))) or die;
socket(my $out, AF_INET, SOCK_RAW, 112) or die;
for my $ttl (@ARGV) {
  setsockopt($out, IPPROTO_IP, 2, pack("i", $ttl)) or die;
  send($out, "x" x 12, 0, pack_sockaddr_in(0, inet_aton("127.0.0.1"))) or die;
}
my @got;
while (1) {
  my $ready = ""; vec($ready, fileno($in), 1) = 1;
  last unless select($ready, undef, undef, 0.3);
  recv($in, my $packet, 100, 0);
  push @got, unpack("x8 C", $packet);
}
print join ",", @got;
`;
const arrivals = async () =>
  (await execa("ip", inside("perl", "-e", ARRIVALS, "255", "64", "254", "255"))).stdout;

beforeAll(async () => {
  await execa("ip", ["netns", "add", NAMESPACE]);
  await execa("ip", inside("ip", "link", "set", "lo", "up"));
});
afterAll(() => execa("ip", ["netns", "del", NAMESPACE]));

it("lets only those reach keepalived that no router has forwarded", async () => {
  expect(await arrivals()).toBe("255,64,254,255");

  await execa("ip", inside("nft", "-f", "-"), { input: nftText() });

  expect(await arrivals()).toBe("255,255");
});
