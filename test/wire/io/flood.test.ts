/** The listener under a flood of forged adverts, and while it hangs: what it cannot read is told, and members are heard. */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { CapturePlan } from "../../../src/wire/capture-plan.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { type Listening, nowMs, openWireLab, type WireLab } from "./lab.ts";

const MEMBER = "198.51.100.11";
const STRANGER = "198.51.100.12";
/** The member's adverts, 50 ms apart. */
const ADVERTS = 30;
/**
 * A busy kernel drops some before any socket has them, and a busy agent reads late. 15 were heard with a load of 25, and 1 with
 * one socket for all.
 */
const ENOUGH = 8;

/**
 * Arguments: SOURCE TTL COUNT PAUSE. Sends adverts by multicast that differ in their VIPs, 10.0.N: VRRPv2, whose checksum
 * does not depend on the source. Ends after 2 s at the latest, and prints how many it sent a second.
 */
const FORGER = `
use Socket;
sub now { open(my $file, "<", "/proc/uptime") or die $!; (split " ", <$file>)[0] }
my ($source, $ttl, $count, $pause) = @ARGV;
socket(S, PF_INET, SOCK_RAW, 255) or die $!;
my $to = pack_sockaddr_in(0, inet_aton("224.0.0.18"));
my $header = pack "C C n n n C C n a4 a4", 0x45, 0, 0, 0, 0, $ttl, 112, 0, inet_aton($source), inet_aton("224.0.0.18");
my ($start, $sent) = (now(), 0);
for my $n (1 .. $count) {
  last if $n % 1000 == 0 && now() - $start > 2;
  my $low = $n % 65536;
  send(S, $header . pack("H*", sprintf "2133f0020101521f0a00%04x0a00%04x626c6168626c6168", $low, 65535 - $low), 0, $to);
  $sent++;
  select(undef, undef, undef, $pause) if $pause;
}
printf "%d", $sent / (now() - $start + 0.001);
`;

let lab: WireLab;
beforeEach(async () => {
  lab = await openWireLab();
});
afterEach(() => lab.remove());

async function listenToMember(): Promise<Listening> {
  const listening = lab.start("here", { source: MEMBER });
  await listening.listening();
  const target = {
    interface: "eth0",
    mac: undefined,
    linkLocal: undefined,
    guardedAddresses: [],
    askedAddresses: [],
    rivals: [],
  };
  const plan: CapturePlan = { targets: [target], members: [MEMBER], knownFrames: [], pace: "immediate" };
  listening.setPlan(plan);
  await expect.poll(async () => (await listening.report()).isPlanInForce).toBe(true);
  return listening;
}

const forge = (source: string, { ttl = 255, count = 1_000_000, pause = 0 } = {}) =>
  lab.run("there", "perl", "-e", FORGER, source, String(ttl), String(count), String(pause));

it.each([
  { who: "a stranger", source: STRANGER, ttl: 255 },
  { who: "a router with a stranger behind it", source: STRANGER, ttl: 254 },
])("hears a member while $who floods", async ({ source, ttl }) => {
  const listening = await listenToMember();
  const heard = new Set<string>();
  const lost = new Set<string>();
  const look = async () => {
    const { adverts, ...report } = await listening.report();
    for (const speakers of report.lost) lost.add(speakers);
    for (const advert of adverts) if (advert.ttl === 255) heard.add(advert.addresses.join());
    return heard.size;
  };
  const flood = forge(source, { ttl });
  const member = forge(MEMBER, { count: ADVERTS, pause: 0.05 });
  let isOver = false;
  const sending = Promise.all([flood, member]).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await look();
    await sleep(50);
  }
  const [rate] = await sending;

  await expect.poll(look).toBeGreaterThanOrEqual(ENOUGH);
  process.stdout.write(
    `measured: ${rate} adverts a second: heard ${heard.size} of ${ADVERTS}, lost of ${[...lost].join()}\n`,
  );
  const { logged } = await listening.report();
  expect(logged.every((line) => line.includes("adverts came too fast to be read"))).toBe(true);
});

it("says what it could not read, and that it did not read", async () => {
  const listening = await listenToMember();
  const perl = (await listening.perl())!;
  expect((await listening.report()).isReading).toBe(true);

  sendSignal(perl, "SIGSTOP");
  await Promise.all([forge(MEMBER, { count: 10_000 }), forge(STRANGER, { count: 10_000 })]);
  await expect.poll(async () => (await listening.report()).isReading).toBe(false);
  sendSignal(perl, "SIGCONT");

  const lost = new Set<string>();
  const look = async () => {
    const report = await listening.report();
    for (const speakers of report.lost) lost.add(speakers);
    return report.isReading && [...lost].toSorted();
  };
  await expect.poll(look).toEqual(["members", "neighbours"]);
  await expect.poll(async () => (await listening.report()).lost).toEqual([]);
});

it("waits for no agent that is frozen, and tells it what it lost before it counts on the time since", async () => {
  const listening = await listenToMember();
  const perl = (await listening.perl())!;
  sendSignal(listening.pid, "SIGSTOP");
  await forge(MEMBER, { count: 10_000 });
  const before = await ticksOf(perl);
  const floodedMs = nowMs();
  // it goes on: a listener that waits renews no lease
  await expect.poll(() => ticksOf(perl)).toBeGreaterThan(before);

  const first = listening.report();
  sendSignal(listening.pid, "SIGCONT");
  let report = await first;
  while (!report.lost.includes("members")) {
    expect(report.readUntilMs).toBeLessThan(floodedMs);
    report = await listening.report();
  }
});

/** The CPU time of a process so far, in ticks. */
async function ticksOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const [user = "", system = ""] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return Number(user) + Number(system);
}
