/** Hosts are asked whether they run VRRP, on real kernels. */
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Instance } from "../../../src/vrrp/instance.ts";
import { openWireLab, type WireLab } from "./lab.ts";

const PROGRAM = fileURLToPath(new URL("./vrrp-probe-program.ts", import.meta.url));
const [HERE, HERE_V6] = ["198.51.100.10", "2001:db8::10"];
const [THERE, THERE_V6] = ["198.51.100.11", "2001:db8::11"];
const [NOBODY, NOBODY_V6] = ["198.51.100.99", "2001:db8::99"];
const [OTHER, OTHER_V6] = ["198.51.100.66", "2001:db8::66"];
/** A host's that drops VRRP, and one that this host may not send to. */
const [SILENT, FORBIDDEN] = ["198.51.100.67", "198.51.100.68"];
const ALL = [THERE, THERE_V6, NOBODY, NOBODY_V6];
const INSTANCE: Instance = {
  name: "v4",
  interface: "eth0",
  virtualRouterId: 51,
  priority: 240,
  advertIntervalSeconds: 0.2,
  vrrpVersion: 3,
  preempt: false,
  preemptDelaySeconds: 0,
  unicast: { source: THERE, peers: ["198.51.100.10"], isAlone: false },
  firstVip: { address: "198.51.100.51", prefix: 32 },
  excludedVips: [],
  authPass: undefined,
};
const INSTANCE_V6: Instance = {
  ...INSTANCE,
  name: "v6",
  unicast: { source: THERE_V6, peers: ["2001:db8::10"], isAlone: false },
  firstVip: { address: "2001:db8::51", prefix: 128 },
};
/** Says ten times a second, from each of the sources, that a host runs no VRRP. */
const FORGER = `
use strict; use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);
my ($here, $here6, $there, $there6, @sources) = @ARGV;
sub sum { my $s = 0; $s += $_ for unpack "n*", shift; $s = ($s & 0xffff) + ($s >> 16) while $s >> 16; ~$s & 0xffff }
my $advert = pack "C C C C n n", 0x31, 0, 0, 0, 100, 0;
my $quote = pack("C C n n n C C n", 0x45, 0, 28, 1, 0, 255, 112, 0) . inet_aton($here) . inet_aton($there) . $advert;
my $error = pack("C C n N", 3, 2, 0, 0) . $quote;
substr($error, 2, 2) = pack "n", sum($error);
my $error6 = pack("C C n N N n C C", 4, 1, 0, 6, 0x60000000, 8, 112, 255)
  . inet_pton(AF_INET6, $here6) . inet_pton(AF_INET6, $there6) . $advert;
my @sends;
for my $source (@sources) {
  my $is_ipv6 = $source =~ /:/;
  socket(my $socket, $is_ipv6 ? PF_INET6 : PF_INET, SOCK_RAW, $is_ipv6 ? 58 : 1) or die $!;
  my $from = $is_ipv6 ? pack_sockaddr_in6(0, inet_pton(AF_INET6, $source)) : pack_sockaddr_in(0, inet_aton $source);
  my $to = $is_ipv6 ? pack_sockaddr_in6(0, inet_pton(AF_INET6, $here6)) : pack_sockaddr_in(0, inet_aton $here);
  bind($socket, $from) or die "$source: $!";
  push @sends, [$socket, $is_ipv6 ? $error6 : $error, $to];
}
for (1 .. 130) {
  for (@sends) { send($_->[0], $_->[1], 0, $_->[2]) or die $! }
  select undef, undef, undef, 0.1;
}
`;

let lab: WireLab;
beforeEach(async () => {
  lab = await openWireLab();
  // the kernel tells itself over lo that a neighbour does not answer
  await lab.ip("here", "link", "set", "lo", "up");
});
afterEach(() => lab.remove());

const addAddress = (address: string) => lab.ip("there", "address", "add", `${address}/24`, "dev", "eth0");

/** The addresses whose hosts run no VRRP, as the host `here` finds out. */
async function withoutVrrp(...addresses: readonly string[]): Promise<string> {
  return lab.run("here", process.execPath, PROGRAM, ...addresses);
}

it("tells a host without VRRP, and one that is not there, from all others, whatever is said of them", async () => {
  await addAddress(SILENT);
  await lab.run("there", "iptables", "-A", "INPUT", "-d", SILENT, "-p", "112", "-j", "DROP");
  await addAddress(FORBIDDEN);
  await lab.run("here", "iptables", "-A", "OUTPUT", "-d", FORBIDDEN, "-p", "112", "-j", "DROP");
  await expect(withoutVrrp(...ALL, SILENT, FORBIDDEN)).resolves.toBe(ALL.toSorted().join(" "));

  await lab.keepalived("there", [INSTANCE, INSTANCE_V6]);
  const nobody = [NOBODY, NOBODY_V6].toSorted().join(" ");
  await expect.poll(() => withoutVrrp(...ALL)).toBe(nobody);

  // others say of it that it runs none: one by its own address, one by the host's, and neither saw the question
  await addAddress(OTHER);
  await lab.ip("there", "address", "add", `${OTHER_V6}/64`, "dev", "eth0", "nodad");
  const sources = [OTHER, OTHER_V6, THERE, THERE_V6];
  const forged = lab.run("there", "perl", "-e", FORGER, HERE, HERE_V6, THERE, THERE_V6, ...sources);
  await expect(withoutVrrp(THERE, THERE_V6)).resolves.toBe("");
  await forged;
});
