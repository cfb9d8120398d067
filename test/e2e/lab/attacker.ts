/** A host of the LAN that sends what it likes: raw packets, one after the other or many a second. */
import { run } from "./command.ts";
import { type ForgedAdvert, forge } from "./forged-advert.ts";

export interface Pace {
  /** Packets altogether; the adverts are sent in turn. As many as there are adverts unless told. */
  readonly count?: number;
  /** Packets a second: 100 unless told. */
  readonly rate?: number;
  /** Once aborted, no more are sent, as if `count` were reached. */
  readonly signal?: AbortSignal;
}

export interface Sent {
  readonly packets: number;
  readonly seconds: number;
}

/**
 * Takes a line of hex digits a packet. Falls behind rather than sends more at once; gives up after 1.5 times the time, so
 * that it ends by itself on a busy machine. Of Perl it needs what every Debian has, hence the clock. 255 is IPPROTO_RAW: the packets have their own IP headers.
 */
const SENDER = `
use Socket;
sub now { open(my $file, "<", "/proc/uptime") or die $!; (split " ", <$file>)[0] }
my ($count, $rate) = @ARGV;
socket(my $wire, PF_INET, SOCK_RAW, 255) or die $!;
my @packets = map { chomp; pack("H*", $_) } <STDIN>;
my $start = now();
my $sent = 0;
while ($sent < $count && now() - $start < 1.5 * $count / $rate + 1) {
  my $due = $rate * (now() - $start) + 1;
  for (; $sent < $due && $sent < $count; $sent++) {
    my $packet = $packets[$sent % @packets];
    my $to = substr($packet, 16, 4);
    send($wire, $packet, 0, pack_sockaddr_in(0, $to));
  }
  select(undef, undef, undef, 0.005);
}
printf '{"packets":%d,"seconds":%.2f}', $sent, now() - $start;
`;

/** Sends from a namespace of the lab; resolves when the last packet is out, with undefined where the signal ended it. */
export async function sendForged(
  namespace: string,
  adverts: readonly ForgedAdvert[],
  { count = adverts.length, rate = 100, signal = new AbortController().signal }: Pace = {},
): Promise<Sent | undefined> {
  const input = adverts.map((advert) => `${forge(advert).toString("hex")}\n`).join("");
  try {
    const command = ["perl", "-e", SENDER, String(count), String(rate)];
    return JSON.parse(await run(command, { namespace, input, signal }));
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
