/** An owner that metadata misses, and a host that starts beside it without memory: it listens, and backs the owner up. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { sendForged } from "../lab/attacker.ts";
import type { Host } from "../lab/host.ts";
import { addContainer, removeContainer, removeHost } from "../lab/metadata-changes.ts";
import type { MetadataDocument, MetadataHost } from "../lab/metadata-document.ts";
import { until } from "../lab/until.ts";
import { peersOf, settled, stateOf, statusOf, useLab, VIP } from "../scenario.ts";
import { startProxyRouter } from "./proxy-router.ts";
import { garble, mislead } from "./wrong-metadata.ts";

const SOON_MS = 120_000;
/** A machine of the network that is no host of the environment. */
const CLIENT = "198.51.100.200";

/** `LONG_FAULTS=1` lets faults last for longer than a host listens without a proof. */
const IS_LONG = process.env["LONG_FAULTS"] === "1";

const used = useLab({ hosts: 4 });

/** The host's next agent remembers nothing of an earlier one. */
async function forget(host: Host): Promise<void> {
  await host.stopAgent();
  rmSync(host.stateFolder, { recursive: true, maxRetries: 20 });
  mkdirSync(host.stateFolder);
}

const VIEWS: readonly { what: string; change: (document: MetadataDocument, owner: Host) => void }[] = [
  {
    what: "its container is stopping",
    change: (document, owner) => {
      const { uuid } = document.hosts.find(({ name }) => name === owner.name) as MetadataHost;
      for (const container of document.containers)
        if (container.host_uuid === uuid) container.state = "stopping";
    },
  },
  {
    what: "its container is absent",
    change: (document, owner) => removeContainer(document, owner.name),
  },
  {
    what: "its container is absent, its host inactive",
    change: (document, owner) => {
      removeContainer(document, owner.name);
      const host = document.hosts.find(({ name }) => name === owner.name) as MetadataHost;
      Object.assign(host, { state: "inactive", agent_state: "disconnected" });
    },
  },
];

it(`stays owner beside hosts that start while ${VIEWS.map(({ what }) => what).join(", or ")}, and while it knows no container on one, and not the host of another`, async () => {
  const { lab } = used;
  const [owner, ...others] = lab.hosts as [Host, ...Host[]];
  const [, unlisted, unknown] = others as [Host, Host, Host];
  const endOwn = await mislead(lab, owner, (document) => {
    removeContainer(document, unlisted.name);
    removeHost(document, unknown.name);
  });
  await owner.startAgent();
  await until(async () => (await stateOf(owner)) === "MASTER", SOON_MS, "the first host owns the VIP");
  const ends = await Promise.all(
    others.map((host, index) => mislead(lab, host, (document) => VIEWS[index]!.change(document, owner))),
  );
  const sinceMs = Date.now();
  await Promise.all(others.map((host) => host.startAgent()));

  for (const host of [others[0] as Host, unlisted]) {
    const isPeer = () => peersOf(host).includes(owner.address) && peersOf(owner).includes(host.address);
    await until(isPeer, SOON_MS, `the owner and ${host.name} are peers`);
  }
  const isHeld = async () =>
    (await statusOf(unknown))?.health[0]?.heldBy?.startsWith(`${owner.name} (${owner.address}) owns`);
  await until(isHeld, SOON_MS, "the unknown host leaves the VIP to the owner");
  const answer = "the owner answers this host's hello";
  await unknown.agent.awaitLog(({ msg }) => msg === answer, { timeoutMs: SOON_MS });
  if (IS_LONG) await sleep(30_000);
  expect(await isHeld()).toBe(true);
  await endOwn();
  await settled(lab);
  expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
  expect(await lab.holders(VIP)).toEqual([owner.name]);
  for (const end of ends) await end();
});

it("stays owner beside a host that starts with its cable out, and plugs it in later", async () => {
  const { lab } = used;
  const owner = await settled(lab);
  const other = lab.hosts.find((host) => host !== owner) as Host;
  const truth = structuredClone(lab.metadata.document);
  await forget(other);
  lab.metadata.publish((document) => removeContainer(document, owner.name));
  await other.setLink("down", "switch");
  const sinceMs = Date.now();
  await other.startAgent();
  await until(async () => (await stateOf(other)) === "FAULT", SOON_MS, "the host has no carrier");
  // longer than the listening of a host that hears nothing
  await sleep(4_000);
  await other.setLink("up", "switch");

  await until(async () => (await stateOf(other)) === "BACKUP", SOON_MS, "the host backs the owner up");
  expect(peersOf(other)).toContain(owner.address);
  expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
  lab.metadata.publish((document) => void Object.assign(document, truth));
});

/** Stops all agents, and starts one without memory beside hosts that do not run theirs. */
async function startAlone(): Promise<Host> {
  const { lab } = used;
  const [host, ...others] = lab.hosts as [Host, ...Host[]];
  await Promise.all(lab.hosts.map(forget));
  lab.metadata.publish((document) => {
    for (const { name } of others) removeContainer(document, name);
  });
  await host.startAgent();
  return host;
}

const endOf = (host: Host) =>
  host.agent.awaitLog(({ msg, because }) => msg !== undefined && because !== undefined, {
    timeoutMs: SOON_MS,
  });

it("takes a VIP though a machine that is no host sends adverts for it", async () => {
  const { lab } = used;
  const [{ address }] = lab.hosts as [Host];
  let isForging = true;
  const end = new AbortController();
  const advert = { source: CLIENT, destination: address, virtualRouterId: 100, priority: 255, vip: VIP };
  const forging = sendForged(`${lab.name}-cl`, [advert], {
    count: 2_000,
    rate: 20,
    signal: end.signal,
  }).finally(() => {
    isForging = false;
  });
  const host = await startAlone();
  await until(() => lab.owner(VIP), SOON_MS, "the host owns the VIP");

  expect(isForging).toBe(true);
  expect(await endOf(host)).toMatchObject({ because: "silence" });
  expect(peersOf(host)).not.toContain(CLIENT);
  end.abort();
  await forging;
});

it("takes a VIP that a machine answers for without adverts, after a bound", async () => {
  const { lab } = used;
  await Promise.all(lab.hosts.map((host) => host.stopAgent()));
  await lab.runOnClient(["ip", "address", "add", `${VIP}/32`, "dev", "eth0"]);
  try {
    const host = await startAlone();
    const answers = `answers for ${VIP}`;
    await until(
      async () => (await statusOf(host))?.health[0]?.heldBy?.includes(answers),
      SOON_MS,
      "the host is held back by the answer",
    );
    await until(() => lab.owner(VIP), SOON_MS, "the host owns the VIP");
    expect(await endOf(host)).toMatchObject({ because: "bound" });
  } finally {
    await lab.runOnClient(["ip", "address", "delete", `${VIP}/32`, "dev", "eth0"]);
  }
});

it("takes a VIP at once beside a router that answers for it, for hosts that are off, and for every other address", async () => {
  const { lab } = used;
  await Promise.all(lab.hosts.map((host) => host.stopAgent()));
  const endRouter = await startProxyRouter(`${lab.name}-cl`);
  try {
    const host = await startAlone();
    await until(() => lab.owner(VIP), SOON_MS, "the host owns the VIP");
    expect(await endOf(host)).toMatchObject({ because: "silence" });
  } finally {
    endRouter();
  }
});

it("backs up an owner that it does not remember, while metadata hangs and its memory of it is damaged", async () => {
  const { lab } = used;
  const [host, other] = lab.hosts as [Host, Host];
  const isAlone = async () => (await lab.owner(VIP)) === host && peersOf(host).includes(host.address);
  if (!host.agent.container.isRunning) await startAlone();
  await until(isAlone, SOON_MS, "the host is alone");
  // its track file goes on saying yes
  await host.killContainer();
  lab.metadata.publish((document) => addContainer(document, other.name));
  await other.startAgent();
  await until(async () => (await lab.owner(VIP)) === other, SOON_MS, "the other host owns the VIP");
  writeFileSync(`${host.stateFolder}/last-good.json`, "{");
  const end = await garble(lab, host, "hang");
  const sinceMs = Date.now();
  await host.startAgent();
  const resumed = "keepalived was started with the configuration of an earlier run";
  await host.agent.awaitLog(({ msg }) => msg === resumed, { timeoutMs: SOON_MS });

  // longer than keepalived needs to become owner after its start
  await sleep(5_000);
  expect((await statusOf(host))?.health[0]?.heldBy).toContain(`${other.address} owns the virtual IPs`);
  expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
  await end();
  await until(async () => (await stateOf(host)) === "BACKUP", SOON_MS, "the host backs the owner up");
  expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
});
