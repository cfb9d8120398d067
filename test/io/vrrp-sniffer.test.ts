import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Instance } from "../../src/core/desired.ts";
import { isAdvertOf } from "../../src/core/vrrp-advert.ts";
import {
  endProcess,
  gone,
  nowMs,
  openSnifferLab,
  type SnifferLab,
  type Sniffing,
} from "./vrrp-sniffer-lab.ts";
import type { TimedAdvert } from "./vrrp-sniffer-program.ts";

const PASSWORD = "p'\\#\té";
const BASE: Instance = {
  name: "v3",
  interface: "eth0",
  virtualRouterId: 51,
  priority: 240,
  advertIntervalSeconds: 0.2,
  vrrpVersion: 3,
  preempt: false,
  preemptDelaySeconds: 0,
  unicast: undefined,
  firstVip: { address: "198.51.100.51", prefix: 32 },
  excludedVips: [],
  authPass: undefined,
};
const UNICAST = { source: "198.51.100.11", peers: ["198.51.100.10"], isAlone: false };
const UNICAST_V6 = { source: "2001:db8::11", peers: ["2001:db8::10"], isAlone: false };
const SECOND = { vrrpVersion: 2, advertIntervalSeconds: 1, authPass: PASSWORD } as const;
const INSTANCES: readonly Instance[] = [
  BASE,
  { ...BASE, name: "v3-unicast", virtualRouterId: 52, unicast: UNICAST },
  { ...BASE, ...SECOND, name: "v2", virtualRouterId: 53 },
  { ...BASE, ...SECOND, name: "v2-unicast", virtualRouterId: 54, unicast: UNICAST },
  { ...BASE, name: "v6", virtualRouterId: 55, firstVip: { address: "fe80::55", prefix: 64 } },
  {
    ...BASE,
    name: "v6-unicast",
    virtualRouterId: 56,
    unicast: UNICAST_V6,
    firstVip: { address: "2001:db8::56", prefix: 128 },
  },
];

/** VRRPv2, id 51, priority 240, 1 s, 198.51.100.50, password `blahblah`. */
const ADVERT = "2133f00101013bbac6336432626c6168626c6168";
/** The same of id 52. */
const NEXT_ADVERT = "2134f00101013bb9c6336432626c6168626c6168";
/** The same from another world: 10.0.N and 10.0.M, which leave the checksum as it is. */
const COUNTING_ADVERT = "2133f0020101521f0a00NNNN0a00MMMM626c6168626c6168";
/** Cut short, empty, with a wrong checksum, of no known version, with 255 addresses, nothing but bits. */
const GARBAGE = [
  ADVERT.slice(0, 8),
  "",
  ADVERT.replace("f0", "f1"),
  ADVERT.replace("21", "41"),
  ADVERT.replace("f001", "f0ff"),
  "31".padEnd(800, "f"),
];
const MULTICAST = "224.0.0.18";
const ONLY = (capabilities: string) => ["--bounding-set", capabilities, "--inh-caps", capabilities];

let lab: SnifferLab;
beforeEach(async () => {
  lab = await openSnifferLab();
});
afterEach(() => lab.remove());

async function startListening(): Promise<Sniffing> {
  const sniffing = lab.start("here");
  await sniffing.listening();
  return sniffing;
}

/** All adverts until there are enough. */
async function advertsUntil(sniffing: Sniffing, isEnough: (adverts: readonly TimedAdvert[]) => boolean) {
  const adverts: TimedAdvert[] = [];
  const look = async () => {
    adverts.push(...(await sniffing.report()).adverts);
    return isEnough(adverts);
  };
  await expect.poll(look, { timeout: 15_000 }).toBe(true);
  return adverts;
}

describe("keepalived's adverts are seen", () => {
  it.each(["here", "there"] as const)("%s, of every kind, and that it gives up", async (side) => {
    const sniffing = lab.start(side);
    await sniffing.listening();
    const giveUp = await lab.keepalived("there", INSTANCES);
    const areAllSeen = (adverts: readonly TimedAdvert[]) =>
      INSTANCES.every((instance) => adverts.some((advert) => isAdvertOf(instance, advert)));
    const adverts = await advertsUntil(sniffing, areAllSeen);

    for (const { source } of adverts) expect(source).toMatch(/^(198\.51\.100\.11|2001:db8::11|fe80::.*)$/);
    for (const { priority } of adverts) expect(priority).toBe(240);
    giveUp();
    await advertsUntil(sniffing, (last) => areAllSeen(last.filter(({ priority }) => priority === 0)));
    expect((await sniffing.report()).logged).toEqual([]);
  });
});

it("an advert is told within 100 ms, and none is lost", async () => {
  const sniffing = await startListening();
  const send = lab.sender("there", MULTICAST);
  send(ADVERT);
  await advertsUntil(sniffing, ({ length }) => length === 1);
  const delaysMs: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    const sentMs = nowMs();
    send(ADVERT);
    const adverts = await advertsUntil(sniffing, ({ length }) => length === 1);
    delaysMs.push(adverts[0]!.atMs - sentMs);
  }
  delaysMs.sort((a, b) => a - b);
  const [median = 0, worst = 0] = [delaysMs[10], delaysMs.at(-1)];

  process.stdout.write(
    `measured: advert to callback: ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms\n`,
  );
  expect(median).toBeLessThan(100);
});

it("garbage is passed over", async () => {
  const sniffing = await startListening();
  const send = lab.sender("there", MULTICAST);
  for (const packet of [...GARBAGE, ADVERT]) send(packet);
  const adverts = await advertsUntil(sniffing, ({ length }) => length > 0);

  expect(adverts).toEqual([
    expect.objectContaining({ source: "198.51.100.11", destination: MULTICAST, authPass: "blahblah" }),
  ]);
});

describe("a flood of 20,000 packets a second costs little, and what comes after it is seen, with", () => {
  it.each([
    ["the same advert", ADVERT, 0],
    ["ever another one", COUNTING_ADVERT, 40_000],
    ["garbage", "NNNNMMMM".padEnd(200, "2"), 0],
  ])("%s", async (what, packet, most) => {
    const sniffing = await startListening();
    const send = lab.sender("there", MULTICAST);
    send(packet, 500);
    await sniffing.report();
    const { memoryBytes } = await sniffing.report();
    send(packet, 40_000);
    let count = 0;
    let stillMs = 0;
    let after = memoryBytes;
    const look = async () => {
      send(NEXT_ADVERT); // after the flood; the first ones may find no room
      const report = await sniffing.report();
      count += report.count;
      stillMs = Math.max(stillMs, report.stillMs);
      after = Math.max(after, report.memoryBytes);
      return report.latest?.virtualRouterId === 52;
    };
    await expect.poll(look, { timeout: 20_000 }).toBe(true);

    const grownBytes = after - memoryBytes;
    process.stdout.write(
      `measured: flood with ${what}: told ${count}, ${(grownBytes / 2 ** 20).toFixed(0)} MiB more, still for ${stillMs.toFixed(0)} ms\n`,
    );
    expect(count).toBeLessThan(most + 700);
    expect(grownBytes).toBeLessThan(64 * 2 ** 20);
    expect(stillMs).toBeLessThan(250);
  });
});

describe("it listens again after", () => {
  it("tcpdump was killed", async () => {
    const sniffing = await startListening();
    const tcpdump = (await sniffing.tcpdump())!;
    endProcess(tcpdump);
    await expect
      .poll(async () => (await sniffing.report()).states, { timeout: 15_000 })
      .toEqual([true, false, true]);

    expect(await sniffing.tcpdump()).not.toBe(tcpdump);
    lab.sender("there", MULTICAST)(ADVERT);
    await advertsUntil(sniffing, ({ length }) => length === 1);
  });

  it("the interface was missing, then deleted, and made again", async () => {
    const make = () => lab.ip("here", ..."link add late0 up type veth peer name late1".split(" "));
    const sniffing = lab.start("here", { interfaceName: "late0" });
    await expect.poll(async () => (await sniffing.report()).logged.length).toBeGreaterThan(1);
    const { isListening, logged, states } = await sniffing.report();
    expect({ isListening, states }).toEqual({ isListening: false, states: [] });
    expect(logged[0]).toContain("tcpdump: late0: No such device exists");
    expect(logged.filter((line) => JSON.parse(line).level > 20)).toHaveLength(1);

    await make();
    await sniffing.listening();
    await lab.ip("here", "link", "del", "late0");
    await expect.poll(async () => (await sniffing.report()).states).toEqual([true, false]);
    await make();
    await sniffing.listening();
  });
});

describe("nobody listens", () => {
  it.each(["setpriv", "tcpdump"])("without %s, and that is the end of it", async (program) => {
    await lab.hide(program);
    const sniffing = lab.start("here");
    await expect.poll(async () => (await sniffing.report()).hasEnded, { timeout: 5_000 }).toBe(true);
    await lab.restoreProgram(program);

    const { isListening, states, logged } = await sniffing.report();
    expect({ isListening, states }).toEqual({ isListening: false, states: [] });
    expect(logged).toEqual([expect.stringContaining("no tcpdump to listen for adverts with")]);
    expect(logged[0]).toContain(program);
  });

  it.each(["abort", "close"] as const)("after %s, when nothing is told and nothing is left", async (word) => {
    const sniffing = await startListening();
    const tcpdump = (await sniffing.tcpdump())!;
    lab.sender("there", MULTICAST)(COUNTING_ADVERT, 4_000);
    await advertsUntil(sniffing, ({ length }) => length > 0);
    sniffing.command(word);
    const last = await sniffing.ended;

    expect(last).toEqual([0, null]);
    await gone(tcpdump);
  });

  it("after the agent was killed", async () => {
    const sniffing = await startListening();
    const tcpdump = (await sniffing.tcpdump())!;
    endProcess(sniffing.pid);

    await gone(tcpdump);
  });
});

describe("as root, tcpdump", () => {
  it("needs no more than CAP_NET_RAW and CAP_SETGID", async () => {
    const sniffing = lab.start("here", { wrap: ["setpriv", ...ONLY("-all,+net_raw,+setgid")] });
    await sniffing.listening();
    lab.sender("there", MULTICAST)(ADVERT);
    await advertsUntil(sniffing, ({ length }) => length === 1);
  });

  it.each([
    ["CAP_NET_RAW", "-all,+net_admin,+setgid", "You don't have permission"],
    ["CAP_SETGID", "-all,+net_raw,+net_admin", "Couldn't change to 'root'"],
  ])("says that it lacks %s", async (_, capabilities, complaint) => {
    const sniffing = lab.start("here", { wrap: ["setpriv", ...ONLY(capabilities)] });
    await expect.poll(async () => (await sniffing.report()).logged.length).toBeGreaterThan(0);

    const { isListening, logged } = await sniffing.report();
    expect(isListening).toBe(false);
    expect(logged[0]).toContain(complaint);
  });
});
