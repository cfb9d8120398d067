/** A router with local proxy ARP: it answers every question for an address, whoever has it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** Answers probes alone (from 0.0.0.0): real traffic of the lab must reach its hosts. Ends after five minutes at the latest. */
const ROUTER = `
use Socket;
$| = 1;
my $mac = pack "H12", "0200000000fe";
alarm 300;
socket(my $wire, 17, SOCK_RAW, 0x0608) or die $!;   # AF_PACKET, ARP in the order of the network
my $request = pack "a16 x24", "eth0";
ioctl($wire, 0x8933, $request) or die $!;
bind($wire, pack("S n i S C C a8", 17, 0x0806, unpack("x16 i", $request), 0, 0, 0, "")) or die $!;
print "ready\\n";
while (defined(my $from = recv($wire, my $frame, 128, 0))) {
  next if unpack("x10 C", $from) == 4;   # outgoing
  my ($operation, $asker, $source, $target) = unpack "x20 n a6 a4 x6 a4", $frame;
  next unless $operation == 1 && $source eq "\\0" x 4;
  send($wire, $asker . $mac . pack("H*", "08060001080006040002") . $mac . $target . $asker . "\\0" x 4, 0) or die $!;
}`;

/** @returns the function that ends it. */
export async function startProxyRouter(namespace: string): Promise<() => void> {
  const command = ["netns", "exec", namespace, "perl", "-e", ROUTER];
  const router: ChildProcess = spawn("ip", command, { stdio: ["ignore", "pipe", "inherit"] });
  if (router.stdout === null) throw new Error("the router has no output");
  await once(router.stdout, "data");
  return () => void router.kill("SIGKILL");
}
