/** What comes to an interface: ARP packets and neighbour discovery, each with the time at which it was seen. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { addressOf, bytesOfHex } from "../../../src/vrrp/packet.ts";

/** Prints the frames that others send, as hex digits. Of Perl it needs what every Debian has. */
const PROGRAM = `
use Socket;
use constant SIOCGSTAMP => 0x8906;
$| = 1;
socket(my $any, 17, SOCK_RAW, 0x0300) or die $!;
my $request = pack "a16 x24", shift;
ioctl($any, 0x8933, $request) or die $!;
setsockopt($any, SOL_SOCKET, 33, 4_000_000);   # SO_RCVBUFFORCE: a busy machine reads late
bind($any, pack("S n i S C C a8", 17, 3, unpack("x16 i", $request), 0, 0, 0, "")) or die $!;
ioctl($any, SIOCGSTAMP, my $none = "\\0" x 16);   # has the kernel note when it gets each frame
print "ready\\n";
while (defined(my $from = recv($any, my $frame, 128, 0))) {
  my $type = unpack "x12 n", $frame;
  next if unpack("x10 C", $from) == 4;   # outgoing
  next unless $type == 0x0806 || ($type == 0x86dd && unpack("x20 C", $frame) == 58);
  ioctl($any, SIOCGSTAMP, my $stamp = "\\0" x 16) or die $!;
  my ($seconds, $micros) = unpack "q q", $stamp;
  printf "%.3f %s\\n", $seconds * 1000 + $micros / 1000, unpack("H*", $frame);
}`;

export interface SeenPacket {
  /** When the kernel got it, ms since the epoch: a busy reader is late. */
  readonly atMs: number;
  readonly kind: "probe" | "announcement" | "other";
  readonly family: "ipv4" | "ipv6";
  /** The address that is asked for or announced, canonical. */
  readonly target: string;
  /** 12 hex digits each. */
  readonly source: string;
  readonly destination: string;
}

export interface Sniffer {
  readonly packets: readonly SeenPacket[];
  of(kind: SeenPacket["kind"]): SeenPacket[];
  end(): void;
}

/** @param inside the command that runs another one in the network namespace. */
export async function openSniffer(inside: readonly string[], interfaceName = "eth0"): Promise<Sniffer> {
  const [program = "", ...args] = [...inside, "perl", "-e", PROGRAM, interfaceName];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  await once(lines, "line");
  const packets: SeenPacket[] = [];
  lines.on("line", (line) => {
    const [atMs = "", hex = ""] = line.split(" ");
    const packet = parse(hex, Number(atMs));
    if (packet !== undefined) packets.push(packet);
  });
  return {
    packets,
    of: (kind) => packets.filter((packet) => packet.kind === kind),
    end: () => void child.kill("SIGKILL"),
  };
}

/** The largest number of packets in any time of this length. */
export function mostWithin(packets: readonly SeenPacket[], ms: number): number {
  const counts = packets.map(
    ({ atMs }) => packets.filter((other) => other.atMs >= atMs && other.atMs < atMs + ms).length,
  );
  return Math.max(0, ...counts);
}

function parse(hex: string, atMs: number): SeenPacket | undefined {
  const frame = bytesOfHex(hex);
  const [destination, source] = [hex.slice(0, 12), hex.slice(12, 24)];
  const packet = frame.slice(14);
  if (hex.slice(24, 28) === "0806") {
    const [sender, target] = [addressOf(packet.slice(14, 18)), addressOf(packet.slice(24, 28))];
    const kind = sender === "0.0.0.0" ? "probe" : sender === target ? "announcement" : "other";
    return { atMs, kind, family: "ipv4", target, source, destination };
  }
  const type = packet[40];
  if (type !== 135 && type !== 136) return undefined;
  const isUnsolicited = type === 136 && ((packet[44] ?? 0) & 0x40) === 0;
  const kind = type === 135 ? "probe" : isUnsolicited ? "announcement" : "other";
  return { atMs, kind, family: "ipv6", target: addressOf(packet.slice(48, 64)), source, destination };
}
