/** IPv6 on real parts: groups of IPv6 alone, beside IPv4 and behind it, with global and link-local VIPs and sources. */
import { expect, it } from "vitest";
import type { Host } from "./lab/host.ts";
import { addContainer, setLabel, setServiceMetadata } from "./lab/metadata-changes.ts";
import type { MetadataDocument } from "./lab/metadata-document.ts";
import { beyondStalls } from "./lab/stall.ts";
import { until } from "./lab/until.ts";
import { PATIENT_PROBE, pastStartup, statusOf, useLab } from "./scenario.ts";

const used = useLab({ hosts: 3 });
const SOON_MS = 120_000;

const GLOBAL = "2001:db8:100::100";
const BEHIND = "2001:db8:100::101";
const LINK_LOCAL = "fe80::100";
const ANCHOR = "198.51.100.100";
const BESIDE = "198.51.100.102";
const VIPS = [GLOBAL, BEHIND, LINK_LOCAL, ANCHOR, BESIDE];

const INSTANCES = {
  v6: { virtual_ip: GLOBAL, vrid: 51 },
  beside: { virtual_ip: BESIDE, vrid: 51 },
  mixed: { virtual_ip: [ANCHOR, BEHIND], vrid: 52 },
  local: { virtual_ip: LINK_LOCAL, vrid: 53 },
};

function labelAddresses(document: MetadataDocument, { name, address6, linkLocal }: Host): void {
  setLabel(document, name, { name: "keepalived.v6.address", value: address6 });
  setLabel(document, name, { name: "keepalived.local.address", value: linkLocal });
}

/** The one host that has the VIP. */
async function ownerOf(vip: string): Promise<Host> {
  return until(() => used.lab.owner(vip), SOON_MS, `${vip} has one owner`);
}

/** Waits until every group has one owner, is backed up by every other host, and no agent has a complaint. */
async function calm(hosts: readonly Host[] = used.lab.hosts): Promise<void> {
  const groups = Object.keys(INSTANCES).length;
  await until(
    async () => {
      const statuses = await Promise.all(hosts.map(statusOf));
      const states = statuses.flatMap((status) => status?.instances.map(({ state }) => state) ?? []);
      const isWell = statuses.every((status) => status?.problems.length === 0);
      const masters = states.filter((state) => state === "MASTER");
      const backups = states.filter((state) => state === "BACKUP");
      return isWell && masters.length === groups && backups.length === groups * (hosts.length - 1);
    },
    SOON_MS,
    "each group has one owner and is backed up by the others",
  );
  await pastStartup(hosts, 2); // one of them is about to be stopped
}

/** Does something to the owner of a VIP; what a client and the kernels saw of it. */
async function measure(vip: string, act: (owner: Host) => Promise<unknown>) {
  const { lab } = used;
  await calm();
  const owner = await ownerOf(vip);
  const prober = lab.probe(vip === LINK_LOCAL ? `${vip}%eth0` : vip);
  await prober.awaitAnswer(owner.name);
  const sinceMs = Date.now();
  await act(owner);
  const next = await until(
    async () => (await lab.holders(vip)).find((name) => name !== owner.name),
    SOON_MS,
    `another host has ${vip}`,
  );
  await prober.awaitAnswer(next);
  const seen = await prober.stop({ sinceMs });
  return { owner, sinceMs, longestSilenceMs: beyondStalls(seen.longestSilenceMs, seen) };
}

/** An owner that lets go says so a moment before it takes its VIPs off; the next one may be as fast. */
const HAND_OVER_MS = 1_000;

function expectOneOwner(sinceMs: number): void {
  const overlaps = VIPS.map((vip) => used.lab.ownership.doubleOwnership(vip, sinceMs));
  process.stdout.write(`measured: two owners for at most ${Math.max(...overlaps).toFixed(1)} ms\n`);
  expect(Math.max(...overlaps)).toBeLessThan(HAND_OVER_MS);
}

it("gives each group to exactly one of three hosts that start together", async () => {
  const { lab } = used;
  await Promise.all(lab.hosts.map((host) => host.answerIpv6()));
  lab.metadata.publish((document) => {
    setServiceMetadata(document, { instances: INSTANCES });
    for (const host of lab.hosts) labelAddresses(document, host);
  });
  await Promise.all(lab.hosts.map((host) => host.startAgent({ VIRTUAL_IP: undefined })));
  await calm();

  expectOneOwner(0);
  expect((await ownerOf(BEHIND)).name).toBe((await ownerOf(ANCHOR)).name);
  const [first] = lab.hosts;
  expect(first?.conf()).toContain(`unicast_src_ip ${first?.address6}\n`);
  expect(first?.conf()).toContain(`unicast_src_ip ${first?.linkLocal}\n`);
});

it.each([
  { what: "the owner of a global VIP", vip: GLOBAL },
  { what: "the owner of a VIP behind an IPv4 anchor", vip: BEHIND },
  { what: "the owner of a link-local VIP", vip: LINK_LOCAL },
])("hands over when $what is stopped", async ({ what, vip }) => {
  const { owner, sinceMs, longestSilenceMs } = await measure(vip, (host) => host.stopAgent());
  await owner.startAgent({ VIRTUAL_IP: undefined });
  process.stdout.write(`measured: ${what} stopped: silence ${longestSilenceMs.toFixed(1)} ms\n`);

  expect(longestSilenceMs).toBeLessThan(3_000);
  expectOneOwner(sinceMs);
});

it("takes over when the owner's link goes down, and its IPv6 addresses with it", async () => {
  const { owner, sinceMs, longestSilenceMs } = await measure(GLOBAL, (host) => host.setLink("down", "host"));
  expect(await owner.addresses()).not.toContain(owner.address6);
  await owner.setLink("up", "host");
  await calm();
  process.stdout.write(`measured: link down: silence ${longestSilenceMs.toFixed(1)} ms\n`);

  expect(longestSilenceMs).toBeLessThan(5_000);
  expectOneOwner(sinceMs);
});

it("lets a host join whose address is still under duplicate address detection, without a lost probe", async () => {
  const { lab } = used;
  await calm();
  const probers = [GLOBAL, BEHIND, `${LINK_LOCAL}%eth0`].map((vip) => lab.probe(vip, PATIENT_PROBE));
  await Promise.all(probers.map((prober) => prober.awaitAnswer()));
  const sinceMs = Date.now();

  const fourth = await lab.addHost();
  await fourth.run(["sh", "-c", "echo 4 > /proc/sys/net/ipv6/conf/eth0/dad_transmits"]);
  await fourth.run(["ip", "address", "delete", `${fourth.address6}/64`, "dev", "eth0"]);
  lab.metadata.publish((document) => {
    labelAddresses(document, fourth);
    addContainer(document, fourth.name);
  });
  await fourth.run(["ip", "address", "add", `${fourth.address6}/64`, "dev", "eth0"]);
  const agent = await fourth.startAgent({ VIRTUAL_IP: undefined });
  await agent.awaitLog(({ reason }) => String(reason).includes("duplicate address detection"));
  await calm();
  const reports = await Promise.all(probers.map((prober) => prober.stop({ sinceMs })));

  expect(reports.map(({ lost }) => lost)).toEqual([0, 0, 0]);
  expect(VIPS.map((vip) => lab.ownership.transitions(vip, sinceMs))).toEqual(VIPS.map(() => 0));
});

it("judges the ports of an IPv6 VIP by ip6tables, and keeps the VIP where it has no rule for the port", async () => {
  const { lab } = used;
  await calm();
  const owner = await ownerOf(GLOBAL);
  const sinceMs = Date.now();
  const checkedFor = async (ports: string, reason: string) => {
    lab.metadata.publish((document) => {
      const v6 = { ...INSTANCES.v6, check: { ports } };
      setServiceMetadata(document, { instances: { ...INSTANCES, v6 } });
    });
    return until(
      async () => {
        const health = (await statusOf(owner))?.health.find(({ group }) => group === "v6");
        return health?.checks[0]?.reason.startsWith(reason) === true ? health : undefined;
      },
      SOON_MS,
      `the check of ${ports} says ${reason}`,
    );
  };

  expect(await checkedFor("80/udp", "dnat")).toMatchObject({ isHealthy: true });
  const notJudged = await checkedFor("80/tcp", "ipv6-not-judged");
  expect(notJudged.isHealthy).toBe(true);
  expect(notJudged.checks[0]).toMatchObject({ name: "ports", verdict: "unknown" });
  expect(lab.ownership.transitions(GLOBAL, sinceMs)).toBe(0);
});
