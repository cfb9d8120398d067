/** One VIP of several is refused, or taken off: the group's first VIP stays where it is. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Host } from "../lab/host.ts";
import { setServiceMetadata } from "../lab/metadata-changes.ts";
import { until } from "../lab/until.ts";
import { reloadsSince, startAll, statusOf, useLab, VIP } from "../scenario.ts";
import { ownersSince, SOON_MS } from "./course.ts";

const used = useLab({ hosts: 2 });
const FURTHER = "198.51.100.101";
const REFUSED = "2001:db8::100";
const NO_MOVE = { gapMs: 0, doubleMs: 0, transitions: 0 };
/** A lasting problem is named after 5 s, when keepalived was replaced once; the other host took over within this time. */
const LONG_MS = 1_500;

/** The messages of the problems that the host's agent has with its VIPs. */
async function refusalsOf(host: Host): Promise<string[]> {
  const problems = (await statusOf(host))?.problems ?? [];
  return problems.filter(({ code }) => code === "VIP_REFUSED").map(({ message }) => message);
}

async function untilHeld(host: Host, vip: string): Promise<void> {
  await until(async () => (await host.addresses()).includes(vip), SOON_MS, `${host.name} has ${vip}`);
}

it("goes on with the first VIP where IPv6 is off and another VIP needs it, and says why", async () => {
  const { lab } = used;
  lab.metadata.publish((document) => setServiceMetadata(document, { virtual_ip: [VIP] }));
  const owner = await startAll(lab, { VIRTUAL_IP: "" });
  const setIpv6Off = (value: 0 | 1) =>
    Promise.all(
      lab.hosts.map((host) =>
        host.run(["sh", "-c", `echo ${value} > /proc/sys/net/ipv6/conf/eth0/disable_ipv6`]),
      ),
    );
  await setIpv6Off(1);
  const position = owner.agent.logPosition;
  const sinceMs = Date.now();
  lab.metadata.publish((document) => setServiceMetadata(document, { virtual_ip: [VIP, FURTHER, REFUSED] }));
  await until(() => reloadsSince(owner, position) > 0, SOON_MS, "the owner knows the new VIPs");
  await untilHeld(owner, FURTHER);
  await until(async () => (await refusalsOf(owner)).length > 0, SOON_MS, "the owner names the VIP");
  await sleep(LONG_MS);

  expect(await refusalsOf(owner)).toEqual([
    `group main: ${REFUSED} is not on eth0: IPv6 is off on eth0 (net.ipv6.conf.eth0.disable_ipv6 is 1)`,
  ]);
  expect(ownersSince(lab, sinceMs)).toEqual(NO_MOVE);

  await setIpv6Off(0);
  await untilHeld(owner, REFUSED);
  await until(async () => (await refusalsOf(owner)).length === 0, SOON_MS, "the problem has ended");
  expect(ownersSince(lab, sinceMs)).toEqual(NO_MOVE);
});

it("puts a further VIP back that somebody removed, and the group does not move", async () => {
  const { lab } = used;
  const owner = await until(() => lab.owner(VIP), SOON_MS, "the VIP has an owner");
  const sinceMs = Date.now();
  for (const vip of [`${FURTHER}/32`, `${REFUSED}/128`]) {
    await owner.run(["ip", "address", "del", vip, "dev", "eth0"]);
  }
  await untilHeld(owner, FURTHER);
  await untilHeld(owner, REFUSED);

  // on a busy machine one was away for so long that it was named
  await until(async () => (await refusalsOf(owner)).length === 0, SOON_MS, "nothing is missing");
  expect(ownersSince(lab, sinceMs)).toEqual(NO_MOVE);
});

it("keeps the other VIPs of a subnet when the one goes that the kernel calls primary", async () => {
  const { lab } = used;
  const owner = await until(() => lab.owner(VIP), SOON_MS, "the VIP has an owner");
  const [primary, secondary] = ["192.0.2.100", "192.0.2.101"] as const;
  const setVips = (...more: readonly string[]) =>
    lab.metadata.publish((document) =>
      setServiceMetadata(document, { virtual_ip: [VIP, FURTHER, REFUSED, ...more] }),
    );
  setVips(`${primary}/24`);
  await untilHeld(owner, primary);
  setVips(`${primary}/24`, `${secondary}/24`);
  await untilHeld(owner, secondary);
  expect(await owner.run(["ip", "-4", "address", "show", "dev", "eth0", "secondary"])).toContain(secondary);
  const sinceMs = Date.now();

  setVips(`${secondary}/24`);
  await until(async () => !(await owner.addresses()).includes(primary), SOON_MS, "the first one is gone");
  await sleep(LONG_MS);

  expect(lab.ownership.vacancy(secondary, sinceMs)).toBe(0);
  expect(ownersSince(lab, sinceMs)).toEqual(NO_MOVE);
  setVips();
});

it("does not move for a program that takes a further VIP off again and again, and names it", async () => {
  const { lab } = used;
  const owner = await until(() => lab.owner(VIP), SOON_MS, "the VIP has an owner");
  const sinceMs = Date.now();
  const loop = `while [ -e ${owner.folder}/remover ]; do ip address del ${FURTHER}/32 dev eth0 2>&1; sleep 0.2; done`;
  await owner.run(["sh", "-c", `touch ${owner.folder}/remover; (${loop}) >/dev/null 2>&1 &`]);
  try {
    await until(
      async () => (await refusalsOf(owner)).some((text) => text.includes("another program takes it off")),
      SOON_MS,
      "the owner names the VIP",
    );
    expect(ownersSince(lab, sinceMs)).toEqual(NO_MOVE);
  } finally {
    await owner.run(["rm", "-f", `${owner.folder}/remover`]);
  }
  await untilHeld(owner, FURTHER);
});

it("leaves every VIP with the next owner once the group moves", async () => {
  const { lab } = used;
  const owner = await until(() => lab.owner(VIP), SOON_MS, "the VIP has an owner");
  const other = lab.hosts.find((host) => host !== owner)!;
  await owner.stopAgent();
  await untilHeld(other, VIP);
  await untilHeld(other, FURTHER);

  const left = await owner.addresses();
  expect([VIP, FURTHER, REFUSED].filter((vip) => left.includes(vip))).toEqual([]);
});
