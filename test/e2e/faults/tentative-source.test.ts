/**
 * A source that cannot send, because the kernel still looks for another host with its address, or has found one. keepalived
 * does not notice: a backup that hears nothing would become a second owner.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Host } from "../lab/host.ts";
import { setLabel } from "../lab/metadata-changes.ts";
import { until } from "../lab/until.ts";
import { stateOf, statusOf, useLab } from "../scenario.ts";

const used = useLab({ hosts: 2 });
const SOON_MS = 120_000;
const VIP = "2001:db8:100::100";
/** A host without a hold is a second owner within 0.7 s. */
const TAKE_OVER_MS = 1_500;
/** It is 0 but where the machine stalls, ms. */
const DOUBLED_MS = 1_000;
/** keepalived takes no VIP so soon after its start. */
const STARTUP_DELAY_MS = 4_500;

async function untilCalm(): Promise<{ owner: Host; backup: Host }> {
  const { lab } = used;
  const owner = await until(() => lab.owner(VIP), SOON_MS, "the VIP has one owner");
  const backup = lab.hosts.find((host) => host !== owner) as Host;
  await until(async () => (await stateOf(backup)) === "BACKUP", SOON_MS, "the other host backs it up");
  return { owner, backup };
}

async function heldBy(host: Host): Promise<string> {
  return (await statusOf(host))?.health[0]?.heldBy ?? "";
}

/** Gives the host its IPv6 address the way a network manager does: the kernel looks for another host that has it. */
async function addWithDetection(host: Host): Promise<void> {
  await host.run(["ip", "address", "add", `${host.address6}/64`, "dev", "eth0"]);
}

it("is no second owner where another machine has its source, and backs the VIP up once that is gone", async () => {
  const { lab } = used;
  lab.metadata.publish((document) => {
    for (const { name, address6 } of lab.hosts) {
      setLabel(document, name, { name: "keepalived.address", value: address6 });
    }
  });
  await Promise.all(lab.hosts.map((host) => host.startAgent({ VIRTUAL_IP: VIP })));
  const { backup } = await untilCalm();
  await sleep(STARTUP_DELAY_MS);
  const stolen = ["ip", "address", "add", `${backup.address6}/64`, "dev", "eth0", "nodad"];

  await lab.runOnClient(stolen);
  await backup.run(["ip", "address", "delete", `${backup.address6}/64`, "dev", "eth0"]);
  await addWithDetection(backup);
  await until(
    async () => (await heldBy(backup)).includes("cannot send"),
    SOON_MS,
    "the host says why it waits",
  );
  // a busy machine may have let it take the VIP until keepalived was told
  await until(async () => (await stateOf(backup)) === "FAULT", SOON_MS, "keepalived holds the host back");
  await until(async () => (await lab.holders(VIP)).length === 1, SOON_MS, "one host has the VIP");
  const sinceMs = Date.now();
  await sleep(TAKE_OVER_MS);
  expect(lab.ownership.doubleOwnership(VIP, sinceMs)).toBe(0);

  await lab.runOnClient(stolen.map((word) => (word === "add" ? "delete" : word)).slice(0, -1));
  await backup.run(["ip", "address", "delete", `${backup.address6}/64`, "dev", "eth0"]);
  await addWithDetection(backup);
  await untilCalm();
  await sleep(TAKE_OVER_MS);

  expect(lab.ownership.doubleOwnership(VIP, sinceMs)).toBeLessThan(DOUBLED_MS);
});

it.each([
  { what: "loses its addresses", keep: 0 },
  { what: "keeps its addresses", keep: 1 },
])("is no second owner after a link that was down for 1 s and $what", async ({ keep }) => {
  const { lab } = used;
  const { backup } = await untilCalm();
  await backup.run(["sh", "-c", `echo ${keep} > /proc/sys/net/ipv6/conf/eth0/keep_addr_on_down`]);
  if (keep === 1) {
    await backup.run(["ip", "address", "delete", `${backup.address6}/64`, "dev", "eth0"]);
    await addWithDetection(backup);
    await untilCalm();
    await sleep(TAKE_OVER_MS);
  }
  const sinceMs = Date.now();

  await backup.run(["ip", "link", "set", "eth0", "down"]);
  await until(async () => (await heldBy(backup)) !== "", SOON_MS, "the host is held back");
  await sleep(1_000);
  await backup.run(["ip", "link", "set", "eth0", "up"]);
  if (keep === 0) await addWithDetection(backup);
  await sleep(TAKE_OVER_MS);
  await untilCalm();

  expect(lab.ownership.doubleOwnership(VIP, sinceMs)).toBeLessThan(DOUBLED_MS);
});
