/**
 * Hosts that registered with docker0's address, as beside rancher/server: metadata then answers every host's request with
 * that host's `self`. A wrongly listed host waits, the others go on, and each hint leads to a working group. So does a wrong
 * label.
 */
import { mkdirSync, rmSync } from "node:fs";
import { expect, it } from "vitest";
import type { Host } from "../lab/host.ts";
import { uuidOf } from "../lab/lab-ids.ts";
import { addContainer, removeContainer, setLabel } from "../lab/metadata-changes.ts";
import type { MetadataHost } from "../lab/metadata-document.ts";
import { until } from "../lab/until.ts";
import { calm, peersOf, settled, statusOf, untilPeers, useLab, VIP } from "../scenario.ts";

const used = useLab({ hosts: 3 });
const SOON_MS = 120_000;
const DOCKER0 = "172.17.0.1";
/** An address that no host has. */
const NOBODYS = "198.51.100.99";
/** A host takes a VIP this soon after its start if it hears no other. */
const START_MS = 6_000;
const GRACE = { PEER_REMOVAL_GRACE: "3" };
const ADDRESS_LABEL = "keepalived.address";

async function heldBy(host: Host): Promise<string> {
  return (await statusOf(host))?.health[0]?.heldBy ?? "";
}

async function codesOf(host: Host): Promise<(string | undefined)[]> {
  return (await statusOf(host))?.problems.map(({ code }) => code) ?? [];
}

function publishHosts(change: (host: MetadataHost) => void): void {
  used.lab.metadata.publish((document) => document.hosts.forEach(change));
}

async function restart(host: Host, memory: "kept" | "lost", prelude = ""): Promise<void> {
  await host.stopAgent();
  if (memory === "lost") {
    rmSync(host.stateFolder, { recursive: true, maxRetries: 20 });
    mkdirSync(host.stateFolder);
  }
  await host.startAgent(GRACE, { prelude });
}

it("holds a host back that joins with docker0's address, and the others go on as they are", async () => {
  const { lab } = used;
  const [first, second, third] = lab.hosts as [Host, Host, Host];
  lab.metadata.publish((document) => removeContainer(document, second.name));
  await Promise.all([first, third].map((host) => host.startAgent(GRACE)));
  await calm(lab, [first, third]);
  const sinceMs = Date.now();

  lab.metadata.publish((document) => {
    document.hosts.find(({ name }) => name === second.name)!.agent_ip = DOCKER0;
    addContainer(document, second.name);
  });
  await second.startAgent(GRACE);
  const startedMs = Date.now();
  const fix = `${ADDRESS_LABEL}=${second.address} on this host`;
  await until(async () => (await heldBy(second)).includes(fix), SOON_MS, "the host says what to set");
  await until(async () => (await codesOf(first)).length > 0, SOON_MS, "the others name the host");
  await until(() => Date.now() - startedMs > START_MS, SOON_MS, "the host could own the VIP");

  for (const host of [first, third]) expect((await statusOf(host))?.host?.name).toBe(host.name);
  expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
  expect(lab.ownership.doubleOwnership(VIP, sinceMs)).toBe(0);
  expect(peersOf(first)).toEqual([third.address]);
});

it.each(["kept", "lost"] as const)(
  "knows the other hosts after a restart with its memory %s",
  async (memory) => {
    const { lab } = used;
    const [first, , third] = lab.hosts as [Host, Host, Host];
    const owner = await settled(lab, [first, third]);
    const backup = owner === first ? third : first;
    const sinceMs = Date.now();

    await restart(backup, memory);
    await calm(lab, [first, third]);

    expect((await statusOf(backup))?.host?.name).toBe(backup.name);
    expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
  },
);

it("has the host as a backup once the label is set that it asks for, also if the owner's settings are refused", async () => {
  const { lab } = used;
  const [first, second, third] = lab.hosts as [Host, Host, Host];
  const owner = await settled(lab, [first, third]);
  const [other] = [first, third].filter((host) => host !== owner) as [Host];
  const sinceMs = Date.now();
  const setInterface = (value: string | undefined) =>
    lab.metadata.publish((document) =>
      setLabel(document, owner.name, { name: "keepalived.interface", value }),
    );
  setInterface("eth9");
  const isNamed = async () => (await codesOf(owner)).includes("INTERFACE_UNKNOWN");
  await until(isNamed, SOON_MS, "the refusal is told");

  publishHosts(({ name, labels }) => {
    if (name === second.name) labels[ADDRESS_LABEL] = second.address;
  });
  await untilPeers(owner, [second.address, other.address]);
  await calm(lab);
  setInterface(undefined);
  const isWell = async () => (await Promise.all(lab.hosts.map(codesOf))).flat().length === 0;
  await until(isWell, SOON_MS, "all hosts are well");

  expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
});

it("has no owner where all hosts have docker0's address and one name, until each label is set", async () => {
  const { lab } = used;
  await Promise.all(lab.hosts.map((host) => host.stopAgent()));
  lab.metadata.publish((document) => {
    for (const host of document.hosts) Object.assign(host, { agent_ip: DOCKER0, hostname: "docker" });
    for (const { name } of lab.hosts) setLabel(document, name, { name: ADDRESS_LABEL, value: undefined });
    for (const container of document.containers) container.primary_ip = DOCKER0;
  });
  const sinceMs = Date.now();
  await Promise.all(
    lab.hosts.map((host) => restart(host, "lost", "echo docker > /proc/sys/kernel/hostname")),
  );
  for (const host of lab.hosts) {
    const code = async () => (await codesOf(host))[0];
    await until(async () => (await code()) === "HOST_AMBIGUOUS", SOON_MS, `${host.name} says what to set`);
  }
  expect((await statusOf(lab.hosts[0] as Host))?.problems[0]?.hint).toContain(ADDRESS_LABEL);
  expect(lab.ownership.tenures(VIP).filter(({ fromMs }) => fromMs >= sinceMs)).toEqual([]);

  // the other hint, on one host
  const [first] = lab.hosts as [Host, Host, Host];
  await first.stopAgent();
  await first.startAgent({ ...GRACE, HOST_UUID: uuidOf(`host ${first.name}`) });
  const fix = `${ADDRESS_LABEL}=${first.address} on this host`;
  await until(async () => (await heldBy(first)).includes(fix), SOON_MS, "the host says what is left to set");

  for (const host of lab.hosts) {
    lab.metadata.publish((document) =>
      setLabel(document, host.name, { name: ADDRESS_LABEL, value: host.address }),
    );
  }
  await settled(lab);

  expect(lab.ownership.doubleOwnership(VIP, sinceMs)).toBe(0);
  expect(await Promise.all(lab.hosts.map(codesOf))).toEqual([[], [], []]);
});

it("holds a backup back whose label has an address of nobody: the others send to that", async () => {
  const { lab } = used;
  const owner = await settled(lab);
  const [backup, other] = lab.hosts.filter((host) => host !== owner) as [Host, Host];
  const sinceMs = Date.now();

  lab.metadata.publish((document) =>
    setLabel(document, backup.name, { name: ADDRESS_LABEL, value: NOBODYS }),
  );
  const fix = `${ADDRESS_LABEL}=${backup.address} on this host`;
  await until(async () => (await heldBy(backup)).includes(fix), SOON_MS, "the host says what to set");
  await untilPeers(owner, [NOBODYS, other.address].sort());
  const isNamed = async () => (await codesOf(backup)).includes("SOURCE_UNKNOWN");
  await until(isNamed, SOON_MS, "the refusal is told");

  expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
});
