/** What the table of nft does with adverts that came through a router, by real packets. */
import { once } from "node:events";
import { execa } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";
import { nftText } from "../../../src/sending/notrack-text.ts";

const [OWN_VRID, OTHER_VRID] = [51, 77];
const HOST = `rk${process.pid}ttl`;
/** A network behind the host, and another machine. */
const [INNER, OUTER] = [`${HOST}i`, `${HOST}o`];
const on = (namespace: string, ...command: string[]) => execa("ip", ["netns", "exec", namespace, ...command]);

/** Sends to an address a packet of protocol 112 for each `VRID:TTL`. */
const SEND = `
use Socket;
my $to = pack_sockaddr_in(0, inet_aton(shift));
socket(my $out, AF_INET, SOCK_RAW, 112) or die;
for (@ARGV) {
  my ($vrid, $ttl) = split /:/;
  setsockopt($out, IPPROTO_IP, 2, pack("i", $ttl)) or die;
  send($out, pack("CC x10", 0x31, $vrid), 0, $to) or die;
}`;
/** Prints \`SOURCE VRID:TTL\` of each packet that a raw socket gets, as keepalived's does, until none comes for a while. */
const RECEIVE = `
use Socket;
$| = 1;
socket(my $in, AF_INET, SOCK_RAW, 112) or die;
print "ready\\n";
while (1) {
  my $ready = ""; vec($ready, fileno($in), 1) = 1;
  last unless select($ready, undef, undef, 2);
  recv($in, my $packet, 100, 0);
  printf "%s %d:%d\\n", inet_ntoa(substr $packet, 12, 4), unpack("x21 C", $packet), unpack("x8 C", $packet);
}`;

/** What `to` receives of the packets that `from` sends to it. */
async function arrivals(
  from: string,
  to: string,
  address: string,
  packets: readonly string[],
): Promise<string[]> {
  const receiving = on(to, "perl", "-e", RECEIVE);
  await once(receiving.stdout, "data"); // it is ready
  await on(from, "perl", "-e", SEND, address, ...packets);
  const { stdout } = await receiving;
  return stdout.split("\n").slice(1);
}

const putUp = () => execa("ip", ["netns", "exec", HOST, "nft", "-f", "-"], { input: nftText([OWN_VRID]) });

beforeEach(async () => {
  for (const namespace of [HOST, INNER, OUTER]) await execa("ip", ["netns", "add", namespace]);
  await on(HOST, "ip", "link", "set", "lo", "up");
  for (const [namespace, own, network] of [
    [INNER, "10.9.9.1/24", "10.9.9.2/24"],
    [OUTER, "192.0.2.11/24", "192.0.2.12/24"],
  ] as const) {
    const name = namespace === INNER ? "inner" : "outer";
    await on(HOST, "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", namespace);
    await on(HOST, "ip", "address", "add", own, "dev", name);
    await on(HOST, "ip", "link", "set", name, "up");
    await on(namespace, "ip", "address", "add", network, "dev", "eth0");
    await on(namespace, "ip", "link", "set", "eth0", "up");
  }
  await on(INNER, "ip", "route", "add", "default", "via", "10.9.9.1");
  await on(HOST, "sysctl", "-qw", "net.ipv4.ip_forward=1");
});
afterEach(async () => {
  for (const namespace of [HOST, INNER, OUTER])
    await execa("ip", ["netns", "del", namespace], { reject: false });
});

it("lets only those of its own groups reach keepalived that no router has forwarded", async () => {
  const sent = [
    `${OWN_VRID}:255`,
    `${OWN_VRID}:64`,
    `${OTHER_VRID}:64`,
    `${OWN_VRID}:254`,
    `${OWN_VRID}:255`,
  ];
  const receive = () => arrivals(HOST, HOST, "127.0.0.1", sent);
  expect(await receive()).toEqual(sent.map((each) => `127.0.0.1 ${each}`));

  await putUp();

  const kept = [`${OWN_VRID}:255`, `${OTHER_VRID}:64`, `${OWN_VRID}:255`];
  expect(await receive()).toEqual(kept.map((each) => `127.0.0.1 ${each}`));
});

it("leaves alone what the host forwards, also its translation", async () => {
  const rules =
    "table ip nat { chain post { type nat hook postrouting priority 100; oifname outer masquerade; }; }";
  await execa("ip", ["netns", "exec", HOST, "nft", "-f", "-"], { input: rules });
  const receive = () => arrivals(INNER, OUTER, "192.0.2.12", [`${OWN_VRID}:255`, `${OTHER_VRID}:254`]);
  const forwarded = [`192.0.2.11 ${OWN_VRID}:254`, `192.0.2.11 ${OTHER_VRID}:253`];
  expect(await receive()).toEqual(forwarded);

  await putUp();

  expect(await receive()).toEqual(forwarded);
});
