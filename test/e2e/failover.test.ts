/** The main path on real parts: who owns the VIP when hosts start, stop, die, lose their link, come and go. */
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { expect, it } from "vitest";
import { ready } from "./faults/course.ts";
import { ask } from "./lab/ask.ts";
import type { Host } from "./lab/host.ts";
import { BUILT_PROGRAM } from "./lab/metadata.ts";
import { addContainer, removeHost, setLabel } from "./lab/metadata-changes.ts";
import { beyondStalls } from "./lab/stall.ts";
import { until } from "./lab/until.ts";
import {
  namesOwner,
  PATIENT_PROBE,
  peersOf,
  settled,
  startAll,
  untilPeers,
  useLab,
  VIP,
} from "./scenario.ts";

const used = useLab({ hosts: 3 });
/**
 * A kernel keeps packets for a neighbour that does not answer for 3 s. So a host whose link is back may still send the farewell
 * of when it was cut off, on which a backup takes over for a moment beside the owner.
 */
const NEIGHBOUR_MS = 4_000;
/** The hosts may look at each other. */
const GRACE = { PEER_REMOVAL_GRACE: "3", HTTP_LISTEN: "0.0.0.0:9650" };
const SOON_MS = 120_000;
/** An owner that stops says so a moment before it takes its VIP off; a machine that stalls makes the moment longer. */
const HAND_OVER_MS = 1_000;

/** Measured on this run, for whoever reads the log; the assertions are several times as generous. */
function report(what: string, figures: Record<string, number>): void {
  const text = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(1)}`);
  process.stdout.write(`measured: ${what}: ${text.join(", ")}\n`);
}

/** Does something to the owner and returns what the client and the kernels saw of it. */
async function measure(act: (owner: Host) => Promise<unknown>) {
  const { lab } = used;
  const owner = await ready(lab);
  const prober = lab.probe(VIP);
  await prober.awaitAnswer(owner.name);
  const sinceMs = Date.now();
  await act(owner);
  const next = await until(
    async () => (await lab.holders(VIP)).find((name) => name !== owner.name),
    120_000,
    "another host took the VIP",
  );
  await prober.awaitAnswer(next);
  const seen = await prober.stop({ sinceMs });
  const longestSilenceMs = beyondStalls(seen.longestSilenceMs, seen);
  return { owner, next: lab.host(next), sinceMs, longestSilenceMs };
}

it("gives the VIP to exactly one of three hosts that start together, each with the right peers and source", async () => {
  const { lab } = used;
  await startAll(lab, GRACE);

  const addresses = lab.hosts.map(({ address }) => address);
  for (const host of lab.hosts) {
    expect(peersOf(host)).toEqual(addresses.filter((address) => address !== host.address));
    expect(host.conf()).toContain(`unicast_src_ip ${host.address}\n`);
    expect(host.conf()).toContain("virtual_router_id 100\n");
  }
  expect(lab.ownership.doubleOwnership(VIP)).toBe(0);
});

it("hands the VIP over within an advert when the owner is stopped, and ends with status 0", async () => {
  const stopped = Promise.withResolvers<Awaited<ReturnType<Host["stopAgent"]>>>();
  const { owner, longestSilenceMs, sinceMs } = await measure(async (host) => {
    void host.stopAgent().then(stopped.resolve, stopped.reject);
  });
  const { code, wasKilled, durationMs } = await stopped.promise;
  report("owner stopped", { silenceMs: longestSilenceMs, exitMs: durationMs });

  expect({ code, wasKilled }).toEqual({ code: 0, wasKilled: false });
  // Docker kills after 10 s
  expect(durationMs).toBeLessThan(10_000);
  expect(longestSilenceMs).toBeLessThan(3_000);
  expect(await owner.addresses()).not.toContain(VIP);
  expect(used.lab.ownership.doubleOwnership(VIP, sinceMs)).toBeLessThan(HAND_OVER_MS);
  await owner.startAgent(GRACE);
});

it("never has two owners for longer than a crash takes when the owner's container is killed", async () => {
  const { lab } = used;
  const { owner, longestSilenceMs, sinceMs } = await measure((host) => host.killContainer());

  await owner.startAgent(GRACE);
  await until(async () => !(await owner.addresses()).includes(VIP), 120_000, "the stale VIP is gone");
  const doubleMs = lab.ownership.doubleOwnership(VIP, sinceMs);
  await settled(lab);
  report("container killed", { silenceMs: longestSilenceMs, doubleMs });

  expect(longestSilenceMs).toBeLessThan(4_000);
  expect(doubleMs).toBeLessThan(3_000);
});

it.each(["host", "switch"] as const)(
  "takes the VIP over when the owner's link is cut at the %s",
  async (cut) => {
    const { owner, longestSilenceMs, sinceMs } = await measure((host) => host.setLink("down", cut));
    report(`link down at the ${cut}`, { silenceMs: longestSilenceMs });

    expect(longestSilenceMs).toBeLessThan(5_000);
    await owner.setLink("up", cut);
    await sleep(NEIGHBOUR_MS);
    await settled(used.lab);
    expect(used.lab.ownership.doubleOwnership(VIP, sinceMs)).toBeLessThan(3_000);
  },
);

it("lets a fourth host join and leave without a lost probe or a transition", async () => {
  const { lab } = used;
  const owner = await settled(lab);
  const prober = lab.probe(VIP, PATIENT_PROBE);
  await prober.awaitAnswer(owner.name);
  const sinceMs = Date.now();
  const [first, second, third] = lab.hosts as [Host, Host, Host];

  const fourth = await lab.addHost();
  lab.metadata.publish((document) => addContainer(document, fourth.name));
  await fourth.startAgent(GRACE);
  await settled(lab);
  await untilPeers(fourth, [first.address, second.address, third.address]);
  for (const host of [first, second, third]) expect(peersOf(host)).toContain(fourth.address);

  await fourth.stopAgent();
  lab.metadata.publish((document) => removeHost(document, fourth.name));
  await settled(lab, [first, second, third]);
  const { lost, sent } = await prober.stop({ sinceMs });
  report("join and leave", { lost, sent });

  expect(lost).toBe(0);
  expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
});

it("drops the peer that left only after its grace, in consecutive readings", async () => {
  const { lab } = used;
  const [first, second, third] = lab.hosts as [Host, Host, Host];

  expect(peersOf(first)).toHaveLength(3);
  await until(() => peersOf(first).length === 2, 120_000, "the peer that left is dropped");

  expect(peersOf(first)).toEqual([second.address, third.address]);
});

it("changes a priority by a host label without a transition", async () => {
  const { lab } = used;
  const trio = lab.hosts.slice(0, 3);
  const owner = await settled(lab, trio);
  const backup = trio.find((host) => host !== owner)!;
  const prober = lab.probe(VIP, PATIENT_PROBE);
  await prober.awaitAnswer(owner.name);
  const sinceMs = Date.now();

  lab.metadata.publish((document) => {
    setLabel(document, owner.name, { name: "keepalived.priority", value: "1" });
    setLabel(document, backup.name, { name: "keepalived.priority", value: "254" });
  });
  await until(() => owner.conf()?.includes("priority 1\n"), 120_000, "the owner's priority is 1");
  await until(() => backup.conf()?.includes("priority 254\n"), 120_000, "the backup's priority is 254");
  await settled(lab, trio);
  const { lost } = await prober.stop({ sinceMs });

  expect(lost).toBe(0);
  expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
  lab.metadata.publish((document) => {
    for (const { name } of trio) setLabel(document, name, { name: "keepalived.priority", value: undefined });
  });
  await until(
    () => !owner.conf()?.includes("priority 1\n"),
    120_000,
    "the owner's priority is derived again",
  );
});

it("survives a rolling upgrade to other priorities with a planned hand-over each time", async () => {
  const { lab } = used;
  const trio = lab.hosts.slice(0, 3);
  // such as versions derive that use 200-254
  lab.metadata.publish((document) => {
    for (const [index, { name }] of trio.entries())
      setLabel(document, name, { name: "keepalived.priority", value: `${204 + 9 * index}` });
  });
  for (const [index, host] of trio.entries())
    await until(
      () => host.conf()?.includes(`priority ${204 + 9 * index}\n`),
      120_000,
      "the former priority is set",
    );
  let owner = await ready(lab, trio);
  const prober = lab.probe(VIP);
  await prober.awaitAnswer();
  const sinceMs = Date.now();

  for (const host of trio) {
    await host.stopAgent();
    lab.metadata.publish((document) => {
      setLabel(document, host.name, { name: "keepalived.priority", value: undefined });
    });
    await host.startAgent(GRACE);
    const next = await ready(lab, trio);
    // a host of a higher priority takes nothing from an owner of the former version
    if (host !== owner) expect(next.name).toBe(owner.name);
    owner = next;
    const isDerived = () => /^\s*priority 2(4\d|5[0-4])$/m.test(host.conf() ?? "");
    await until(isDerived, SOON_MS, `${host.name} has a derived priority`);
  }
  const seen = await prober.stop({ sinceMs });
  const longestSilenceMs = beyondStalls(seen.longestSilenceMs, seen);
  report("rolling upgrade", { longestSilenceMs });

  expect(longestSilenceMs).toBeLessThan(3_000);
  expect(lab.ownership.doubleOwnership(VIP, sinceMs)).toBeLessThan(HAND_OVER_MS);
});

it("names the owner on every host after a failover, and shows the whole cluster on any of them", async () => {
  const { lab } = used;
  const trio = lab.hosts.slice(0, 3);
  const on = ({ namespace }: Host, ...args: string[]) =>
    execa("ip", ["netns", "exec", namespace, ...BUILT_PROGRAM, ...args], { reject: false });
  const owner = await ready(lab, trio);
  const others = trio.filter((host) => host !== owner);
  await until(() => namesOwner(trio, owner), SOON_MS, `all hosts name ${owner.name}`);

  await on(owner, "drain");
  const next = await settled(lab, others);
  const sinceMs = Date.now();
  await until(() => namesOwner(trio, next), SOON_MS, `all hosts name ${next.name}`);
  report("owner named on all hosts after the failover was seen", { withinMs: Date.now() - sinceMs });

  const spare = others.find((host) => host !== next)!;
  const look = async () => {
    const { stdout, exitCode } = await on(spare, "status", "--all", "--json");
    return { ...JSON.parse(stdout), exitCode };
  };
  // a host that is too busy to answer within 1 s is asked again
  await expect.poll(look).toMatchObject({
    exitCode: 1,
    isWell: false,
    groups: [
      {
        name: "main",
        owner: { host: next.name, address: next.address },
        spares: [
          { host: spare.name, canTakeOver: true },
          { host: owner.name, canTakeOver: false, why: "drained by command" },
        ],
      },
    ],
  });

  await on(owner, "undrain");
  await settled(lab, trio);
  await until(
    async () => (await on(owner, "status", "--all")).exitCode === 0,
    SOON_MS,
    "the cluster is well",
  );
  const { body } = await ask(next, "/cluster");
  expect(JSON.parse(body)).toMatchObject({ groups: [{ owner: { host: next.name, isSelf: true } }] });
});
