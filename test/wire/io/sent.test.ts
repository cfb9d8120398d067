/** What the listener sends: probes and announcements, each at a bounded rate. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { CapturePlan, CaptureTarget } from "../../../src/wire/capture-plan.ts";
import { type Listening, openWireLab, type WireLab } from "./lab.ts";
import { mostWithin, type SeenPacket } from "./sniffer.ts";

const HERE_MAC = "02:00:00:00:00:01";
const THERE_MAC = "02:00:00:00:00:02";
const HERE_LINK_LOCAL = "fe80::10";
const RIVAL = { address: "198.51.100.51", mac: THERE_MAC };

let lab: WireLab;
let listening: Listening;
beforeEach(async () => {
  lab = await openWireLab();
  await lab.ip("here", "link", "set", "eth0", "address", HERE_MAC);
  await lab.ip("there", "link", "set", "eth0", "address", THERE_MAC);
  await lab.ip("here", "address", "add", `${HERE_LINK_LOCAL}/64`, "dev", "eth0", "nodad");
  listening = lab.start("here");
  await listening.listening();
});
afterEach(() => lab.remove());

function planOf(change: Partial<CaptureTarget>): CapturePlan {
  const target = {
    interface: "eth0",
    mac: HERE_MAC,
    linkLocal: HERE_LINK_LOCAL,
    guardedAddresses: [],
    askedAddresses: [],
    rivals: [],
    ...change,
  };
  return { targets: [target], members: [], knownFrames: [], pace: "quiet" };
}

const isBroadcast = ({ destination }: SeenPacket) => destination === "f".repeat(12);

it("each new address is probed once, in order, and then all in turn, at most one a second", async () => {
  const addresses = Array.from({ length: 40 }, (_, index) => `10.9.0.${index + 1}`);
  const sniffer = await lab.sniff("there");
  listening.setPlan(planOf({ guardedAddresses: addresses }));
  await expect.poll(() => sniffer.of("probe").length).toBeGreaterThanOrEqual(40);
  await sleep(4_000);
  await expect.poll(() => sniffer.of("probe").length).toBeGreaterThan(42);
  sniffer.end();
  const [first, later] = [sniffer.of("probe").slice(0, 40), sniffer.of("probe").slice(40)];

  expect(first.map(({ target }) => target)).toEqual(addresses);
  expect(mostWithin(first, 1_000)).toBeLessThanOrEqual(14);
  expect(mostWithin(later, 1_000)).toBeLessThanOrEqual(2);
});

it("an address that is about to be claimed is asked for at once, and then every 1.5 s", async () => {
  const asked = ["10.9.0.1", "10.9.0.2"];
  const sniffer = await lab.sniff("there");
  listening.setPlan(planOf({ askedAddresses: asked }));
  await expect.poll(() => sniffer.of("probe").length).toBeGreaterThanOrEqual(6);
  sniffer.end();
  const probes = sniffer.of("probe").slice(0, 6);

  expect(probes.map(({ target }) => target)).toEqual([...asked, ...asked, ...asked]);
  // both are asked for at once: otherwise the first three would be equally far apart
  const untilThird = probes[2]!.atMs - probes[1]!.atMs;
  expect(untilThird).toBeGreaterThan(2 * (probes[1]!.atMs - probes[0]!.atMs));
  expect(probes[4]!.atMs - probes[0]!.atMs).toBeGreaterThan(1_500);
});

it("one address is probed every 3 s, and a rival is asked alone, four times a second", async () => {
  const sniffer = await lab.sniff("there");
  listening.setPlan(planOf({ guardedAddresses: ["10.9.0.1"], rivals: [RIVAL] }));
  await expect.poll(() => sniffer.of("probe").filter(isBroadcast).length).toBeGreaterThanOrEqual(3);
  sniffer.end();
  const times = sniffer.of("probe").filter(isBroadcast);
  const asked = sniffer.of("probe").filter((probe) => !isBroadcast(probe));

  expect(times[2]!.atMs - times[1]!.atMs).toBeGreaterThan(2_500);
  expect(asked.length).toBeGreaterThan(4);
  for (const { destination, target } of asked)
    expect([destination, target]).toEqual([THERE_MAC.replaceAll(":", ""), RIVAL.address]);
  expect(mostWithin(asked, 1_000)).toBeLessThanOrEqual(6);
});

it("an IPv6 address is asked for from a link-local address, and the answer goes to this host alone", async () => {
  const vip = "2001:db8::51";
  await lab.ip("there", "address", "add", `${vip}/128`, "dev", "eth0", "nodad");
  const answers = await lab.sniff("here");
  listening.setPlan(planOf({ guardedAddresses: [vip] }));
  const heard = async () => (await listening.report()).claims.map(({ address }) => address);
  await expect.poll(heard).toContain(vip);
  answers.end();

  const sent = answers.packets.filter(({ family, target }) => family === "ipv6" && target === vip);
  expect(new Set(sent.map(({ destination }) => destination))).toEqual(
    new Set([HERE_MAC.replaceAll(":", "")]),
  );
});

it("no IPv6 address is asked for where the interface has no link-local address", async () => {
  const sniffer = await lab.sniff("there");
  listening.setPlan(planOf({ linkLocal: undefined, guardedAddresses: ["2001:db8::51", "10.9.0.1"] }));
  await expect.poll(() => sniffer.of("probe").filter(isBroadcast).length).toBeGreaterThanOrEqual(2);
  sniffer.end();

  expect(sniffer.packets.filter(({ target }) => target === "2001:db8::51")).toEqual([]);
});

it("announcements have a neighbour follow, of both families, the first one first", async () => {
  const vips = ["198.51.100.51", "2001:db8::51"];
  const stale = ["lladdr", "02:00:00:00:00:09", "dev", "eth0", "nud", "stale"];
  for (const vip of vips) await lab.ip("there", "neighbour", "replace", vip, ...stale);
  const sniffer = await lab.sniff("there");
  listening.announce(HERE_MAC, vips);

  const macs = () => Promise.all(vips.map((vip) => lab.neighbourOf("there", vip)));
  await expect.poll(macs).toEqual([HERE_MAC, HERE_MAC]);
  sniffer.end();
  expect(sniffer.of("announcement").map(({ target }) => target)).toEqual(vips);
});
