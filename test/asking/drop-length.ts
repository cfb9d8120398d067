/**
 * Run as `npm run asking:drops`, as root: measures how long a drop of `switch-filter.ts` really lasts, by a datagram each
 * millisecond through the port that is cut. Prints a line for each length.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { formatValue } from "../bench/format.ts";
import { summarize } from "../bench/statistics.ts";
import { createBareLab } from "../e2e/lab/bare-lab.ts";
import { Child } from "../e2e/lab/child.ts";
import { inNamespace } from "../e2e/lab/command.ts";
import type { Lab } from "../e2e/lab/lab.ts";
import { labNetwork } from "../e2e/lab/topology.ts";
import { LENGTHS_MS } from "./case-blip.ts";
import { SwitchFilter } from "./switch-filter.ts";

const ROUNDS = 20;
const CLIENT = "198.51.100.200";
const PORT = 4_000;
/** For so long, s, the program sends: a cut begins in the middle of it. */
const LENGTH = 0.6;

/** Sends a number and its clock each millisecond. */
const SENDER = `
use strict; use Socket; use Time::HiRes qw(time sleep);
socket(my $s, PF_INET, SOCK_DGRAM, 0) or die;
my ($to, $end, $count) = (pack_sockaddr_in(${PORT}, inet_aton("${CLIENT}")), time + ${LENGTH}, 0);
while (time < $end) { send($s, pack("d d", $count++, time), 0, $to); sleep 0.001 }
`;
/** Prints how many datagrams in a row were lost at most, and the time, ms, between those that arrived before and after. */
const RECEIVER = `
use strict; use Socket;
socket(my $s, PF_INET, SOCK_DGRAM, 0) or die;
bind($s, pack_sockaddr_in(${PORT}, INADDR_ANY)) or die;
$| = 1; print "ready\\n";
my ($number, $at, $lost, $gap) = (-1, 0, 0, 0);
while (1) {
  vec(my $r = "", fileno($s), 1) = 1;
  last unless select($r, undef, undef, $at ? 0.5 : 10) > 0;
  recv($s, my $data, 16, 0);
  my ($next, $sent) = unpack "d d", $data;
  ($lost, $gap) = ($next - $number - 1, 1000 * ($sent - $at)) if $next - $number - 1 > $lost;
  ($number, $at) = ($next, $sent);
}
printf "lost %d in %.1f\\n", $lost, $gap;
`;
/** A sender that was not scheduled in between says nothing about the drop. */
const LONGEST_STEP_MS = 1.5;

const lab = await createBareLab();
try {
  const filter = await SwitchFilter.open(labNetwork(lab.name).switchNamespace);
  try {
    for (const lengthMs of LENGTHS_MS) {
      const values: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) values.push(...(await measure(lab, filter, lengthMs)));
      const { median, min, max } = summarize(values);
      process.stdout.write(
        `${lengthMs} ms: ${[median, min, max].map(formatValue).join(", ")} (median, lowest, highest of ${values.length})\n`,
      );
    }
  } finally {
    await filter.close();
  }
} finally {
  await lab.destroy();
}

/** @returns nothing where the sender was held up. */
async function measure(
  { clientNamespace, hosts: [host] }: Lab,
  filter: SwitchFilter,
  lengthMs: number,
): Promise<number[]> {
  const receiver = new Child({
    name: "receiver",
    command: inNamespace(["perl", "-e", RECEIVER], clientNamespace),
  });
  await receiver.log.first((text) => text === "ready" || undefined);
  const sender = new Child({
    name: "sender",
    command: inNamespace(["perl", "-e", SENDER], host!.namespace),
  });
  await sleep(200 + 50 * Math.random());
  await filter.cut([host!.name], lengthMs);
  const [, lost, gap] = await receiver.log.first(
    (text) => /^lost (\d+) in ([\d.]+)$/.exec(text) ?? undefined,
  );
  await Promise.all([sender.exited, receiver.exited]);
  return Number(gap) <= LONGEST_STEP_MS * (Number(lost) + 1) ? [Number(gap)] : [];
}
