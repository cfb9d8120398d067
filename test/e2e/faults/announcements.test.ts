/** What an owner sends to its neighbours: probes that harm no client, and announcements when clients need them. */
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { mostWithin, openSniffer, type SeenPacket, type Sniffer } from "../../wire/io/sniffer.ts";
import { run } from "../lab/command.ts";
import type { Host } from "../lab/host.ts";
import { labNetwork } from "../lab/topology.ts";
import { until } from "../lab/until.ts";
import { calm, settled, statusOf, useLab, VIP } from "../scenario.ts";

const used = useLab({ hosts: 2 });
const VIP6 = "2001:db8:100::100";
const SOON_MS = 120_000;
/** VIPs of one group. */
const MANY = 300;
/** keepalived sends one each 3 ms; a busy machine may see some late, and then more at once. */
const MANY_RATE = 900;

let foreign: Host;
/** The first one is owner from the start, and has the higher priority. */
let first: Host;
let second: Host;
beforeAll(async () => {
  const { lab } = used;
  [first, second] = lab.hosts as [Host, Host];
  await Promise.all(lab.hosts.map((host) => host.answerIpv6()));
  await first.startAgent({ VIRTUAL_IP: `${VIP},${VIP6}`, PRIORITY: "240" });
  await until(async () => (await lab.holders(VIP)).length === 1, SOON_MS, "the first host owns the VIP");
  await second.startAgent({ VIRTUAL_IP: `${VIP},${VIP6}`, PRIORITY: "210" });
  await calm(lab);
  foreign = await lab.addHost();
});

async function macOf(host: Host): Promise<string> {
  const [link] = JSON.parse(await host.run(["ip", "-json", "link", "show", "eth0"]));
  return link.address;
}

function sniffClient(): Promise<Sniffer> {
  return openSniffer(["ip", "netns", "exec", labNetwork(used.lab.name).clientNamespace]);
}

/** Has the client send to a host that has the VIP no more, and waits until it follows the owner. @returns how long that took. */
async function followsFrom(stale: Host, isGone: () => Promise<unknown>): Promise<number> {
  const { lab } = used;
  const entry = ["lladdr", await macOf(stale), "dev", "eth0", "nud", "reachable"];
  await lab.runOnClient(["ip", "neighbour", "replace", VIP, ...entry]);
  await isGone();
  const goneMs = performance.now();
  const ownerMac = await macOf(first);
  const isFollowing = async () =>
    (await lab.runOnClient(["ip", "-json", "neighbour", "show", VIP])).includes(`"lladdr":"${ownerMac}"`);
  await until(isFollowing, SOON_MS, "the client follows the owner");
  return performance.now() - goneMs;
}

it("a probe for an IPv6 VIP makes no client follow another machine that has it", async () => {
  const { lab } = used;
  const prober = lab.probe(VIP6);
  await prober.awaitAnswer(first.name);
  const sniffer = await sniffClient();
  const sinceMs = Date.now();
  await foreign.run(["ip", "address", "add", `${VIP6}/128`, "dev", "eth0", "nodad"]);
  await until(
    async () => (await statusOf(first))?.splitBrain.some(({ cause }) => cause === "address-in-use"),
    SOON_MS,
    "the owner was answered",
  );
  await sleep(2_000);
  sniffer.end();
  const { sent, lost } = await prober.stop({ sinceMs });
  await foreign.run(["ip", "address", "del", `${VIP6}/128`, "dev", "eth0"]);
  process.stdout.write(`measured: another machine with the IPv6 VIP: ${lost} of ${sent} lost\n`);

  const foreignMac = (await macOf(foreign)).replaceAll(":", "");
  expect(sniffer.of("announcement").filter(({ source }) => source === foreignMac)).toEqual([]);
  expect(lost).toBeLessThan(sent / 2);
});

it("a client follows the owner within seconds when another machine gives the VIP up without a word", async () => {
  await foreign.run(["ip", "address", "add", `${VIP}/32`, "dev", "eth0"]);
  const isSuspected = async () => (await statusOf(first))?.splitBrain.length === 1;
  await until(isSuspected, SOON_MS, "the owner heard the other machine");
  const tookMs = await followsFrom(foreign, () =>
    foreign.run(["ip", "address", "del", `${VIP}/32`, "dev", "eth0"]),
  );
  process.stdout.write(`measured: VIP removed elsewhere, client follows after ${Math.round(tookMs)} ms\n`);

  // keepalived's own announcement would come after 10 s
  expect(tookMs).toBeLessThan(8_000);
});

it("a second owner that stands down without a word: the client follows, and the owner accuses itself of nothing", async () => {
  const { lab } = used;
  const position = first.agent.logPosition;
  await second.run(["iptables-nft", "-A", "INPUT", "-p", "112", "-j", "DROP"]);
  await until(
    async () => (await statusOf(first))?.splitBrain.some(({ cause }) => cause === "unheard"),
    SOON_MS,
    "the owner names the host that does not hear it",
  );
  const tookMs = await followsFrom(second, async () => {
    await second.run(["iptables-nft", "-D", "INPUT", "-p", "112", "-j", "DROP"]);
    await until(
      async () => (await lab.holders(VIP)).join() === first.name,
      SOON_MS,
      "the second owner stands down",
    );
  });
  process.stdout.write(`measured: second owner stood down, client follows after ${Math.round(tookMs)} ms\n`);
  await settled(lab, [first, second]);
  const isQuiet = async () => (await statusOf(first))?.splitBrain.length === 0;
  await until(isQuiet, SOON_MS, "nobody is suspected any more");
  await sleep(2_000);

  // keepalived's own announcement would come after 10 s
  expect(tookMs).toBeLessThan(8_000);
  const said = first.agent.log.slice(position).filter(({ msg }) => msg === "split brain suspected");
  // two-owners: keepalived's count is not known yet
  const truths = new Set(["unheard", "two-owners"]);
  expect(said.map(({ cause }) => cause).filter((cause) => !truths.has(String(cause)))).toEqual([]);
});

it("an owner whose interface gets another MAC address tells its clients, before keepalived does so in turn", async () => {
  const { lab } = used;
  const former = await macOf(first);
  const sniffer = await sniffClient();
  const isAnnounced = () => sniffer.of("announcement").some(({ target }) => target === VIP);
  await until(isAnnounced, SOON_MS, "keepalived has announced the VIP, and does so again in 10 s");
  sniffer.end();
  const tookMs = await followsFrom(first, () =>
    first.run(["ip", "link", "set", "eth0", "address", former.replace(/^../, "06")]),
  );
  process.stdout.write(`measured: another MAC, client follows after ${Math.round(tookMs)} ms\n`);
  await first.run(["ip", "link", "set", "eth0", "address", former]);
  await settled(lab, [first, second]);

  // keepalived's own announcement would come 10 s after the one that was seen
  expect(tookMs).toBeLessThan(8_000);
});

it("a switch that sends this host's own packets back is named, and accuses nobody", async () => {
  const { switchNamespace } = labNetwork(used.lab.name);
  const setHairpin = (state: "on" | "off") =>
    run(["ip", "link", "set", first.name, "type", "bridge_slave", "hairpin", state], {
      namespace: switchNamespace,
    });
  await setHairpin("on");
  await first.run(["sh", "-c", "ping -c 3 -W 1 198.51.100.77 || true"]);
  const isNamed = async () =>
    (await statusOf(first))?.problems.some(({ message }) => message.includes("come back to eth0"));
  await until(isNamed, SOON_MS, "the owner says that its packets come back");
  await setHairpin("off");

  expect((await statusOf(first))?.splitBrain).toEqual([]);
});

it("a takeover of 300 VIPs takes about a second, the first VIP first, and a few probes beside it", async () => {
  const { lab } = used;
  const others = Array.from({ length: MANY - 1 }, (_, index) => `10.9.${index >> 7}.${1 + (index & 127)}`);
  const env = { VIRTUAL_IP: [VIP, ...others].join(","), VRID: "100" };
  await Promise.all([first, second].map((host) => host.stopAgent()));
  await Promise.all([first, second].map((host) => host.startAgent(env)));
  const owner = await calm(lab, [first, second]);
  const next = owner === first ? second : first;
  const nextMac = (await macOf(next)).replaceAll(":", "");
  const sniffer = await sniffClient();
  await owner.stopAgent();
  const fromNext = (kind: SeenPacket["kind"]) =>
    sniffer.of(kind).filter(({ source, target }) => source === nextMac && target !== next.address);
  const announced = () => new Set(fromNext("announcement").map(({ target }) => target)).size;
  await until(() => announced() === MANY, SOON_MS, "all VIPs were announced");
  await sleep(2_000);
  sniffer.end();
  const [announcements, probes] = [fromNext("announcement"), fromNext("probe")];
  const firstSeen = announcements.filter(
    ({ target }, index) => announcements.findIndex((other) => other.target === target) === index,
  );
  const tookMs = firstSeen.at(-1)!.atMs - firstSeen[0]!.atMs;
  const rates = [announcements, probes].map((packets) => mostWithin(packets, 1_000));
  process.stdout.write(
    `measured: ${MANY} VIPs announced in ${Math.round(tookMs)} ms; ${rates.join(" announcements and ")} probes a second\n`,
  );

  expect(firstSeen[0]?.target).toBe(VIP);
  expect(rates[0]).toBeLessThanOrEqual(MANY_RATE);
  expect(rates[1]).toBeLessThanOrEqual(20);
});
