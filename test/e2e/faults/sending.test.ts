/** Adverts that the owner's own host drops: the VIP goes to a host that can send, or stays with one where none can. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Host } from "../lab/host.ts";
import { until } from "../lab/until.ts";
import { settled, statusOf, useLab, VIP } from "../scenario.ts";
import { dropAdverts } from "./adverts.ts";
import { CRASH_MS, ownersSince, ready, SOON_MS } from "./course.ts";

const used = useLab({ hosts: 2 });

/** The messages of the problems that the host's agent has with its adverts. */
async function complaintsOf(host: Host): Promise<string[]> {
  const problems = (await statusOf(host))?.problems ?? [];
  return problems.filter(({ code }) => code === "ADVERTS_UNSENT").map(({ message }) => message);
}

function otherThan(host: Host): Host {
  return used.lab.hosts.find((candidate) => candidate !== host)!;
}

/** Has nft, or iptables-legacy where the host uses that, list the agent's rules against tracking. */
const NOTRACK = {
  nft: {
    list: ["nft", "list", "table", "inet", "rancher_keepalived_notrack"],
    remove: ["nft", "delete", "table", "inet", "rancher_keepalived_notrack"],
  },
  legacy: {
    list: ["iptables-legacy", "-t", "raw", "-S", "rancher-keepalived"],
    remove: ["iptables-legacy", "-t", "raw", "-F"],
  },
} as const;

async function hasNotrack(host: Host, backend: keyof typeof NOTRACK): Promise<boolean> {
  return host.run(NOTRACK[backend].list).then(
    (text) => text.includes("notrack"),
    () => false,
  );
}

/** For how long the kernel will still know the flows of protocol 112, s. A packet sets it to 600. */
async function trackedSeconds(host: Host): Promise<number[]> {
  const lines = (await host.run(["cat", "/proc/net/nf_conntrack"])).split("\n");
  return lines.flatMap((line) => /^ipv4\s+2\s+\S+\s+112\s+(\d+)/.exec(line)?.[1] ?? []).map(Number);
}

it("keeps adverts out of connection tracking, with nft and with iptables-legacy, until the agent ends", async () => {
  const { lab } = used;
  const [first, second] = lab.hosts as [Host, Host];
  await Promise.all([first.startAgent(), second.startAgent({ IPTABLES_BACKEND: "legacy" })]);
  await settled(lab);
  await until(() => hasNotrack(first, "nft"), SOON_MS, "nft keeps adverts out");
  await until(() => hasNotrack(second, "legacy"), SOON_MS, "iptables-legacy keeps adverts out");
  expect(await hasNotrack(second, "nft")).toBe(false);
  // a flow that was tracked before is not renewed
  await sleep(2_500);
  for (const host of lab.hosts) expect(Math.max(0, ...(await trackedSeconds(host)))).toBeLessThan(599);

  await first.run(NOTRACK.nft.remove);
  await until(() => hasNotrack(first, "nft"), SOON_MS, "nft's rules are back");

  await second.stopAgent();
  expect(await hasNotrack(second, "legacy")).toBe(false);
  expect(await second.run(["iptables-legacy", "-t", "raw", "-S"])).toBe(
    "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT",
  );
  await second.startAgent();
  await settled(lab);
});

it("leaves tracking on where the firewall accepts only tracked adverts", async () => {
  const { lab } = used;
  const [host] = lab.hosts as [Host];
  const rules = [
    ["-A", "INPUT", "-p", "112", "-m", "conntrack", "--ctstate", "NEW,ESTABLISHED", "-j", "ACCEPT"],
    ["-A", "INPUT", "-p", "112", "-j", "DROP"],
  ];
  const position = host.agent.logPosition;
  const sinceMs = Date.now();
  for (const rule of rules) await host.run(["iptables", "-w", "5", ...rule]);
  await host.agent.awaitLog(({ msg }) => msg === "adverts are subject to connection tracking", {
    from: position,
    timeoutMs: SOON_MS,
  });
  expect(await hasNotrack(host, "nft")).toBe(false);
  process.stdout.write(`measured: tracking is left on after ${Date.now() - sinceMs} ms\n`);

  for (const rule of rules) await host.run(["iptables", "-w", "5", ...rule.with(0, "-D")]);
  await until(() => hasNotrack(host, "nft"), SOON_MS, "nft keeps adverts out again");
  await settled(lab);
});

it("gives the VIP away where its packet filter drops its adverts, says so, and comes back as a backup", async () => {
  const { lab } = used;
  const owner = await ready(lab);
  const other = otherThan(owner);
  const sinceMs = Date.now();
  const undo = await dropAdverts(owner, "outgoing");
  await until(async () => (await lab.owner(VIP)) === other, SOON_MS, "the other host has the VIP");
  const { doubleMs, gapMs } = ownersSince(lab, sinceMs);
  process.stdout.write(
    `measured: adverts dropped at the owner: two owners ${doubleMs} ms, none ${gapMs} ms\n`,
  );
  await until(async () => (await complaintsOf(owner)).length > 0, SOON_MS, "the host says why");
  // longer than the 3 s after which a host that can send comes back
  await sleep(4_000);

  expect(doubleMs).toBeLessThan(CRASH_MS);
  expect(await complaintsOf(owner)).toEqual([
    expect.stringMatching(
      /^group main: .*\(Operation not permitted\): the rule -A OUTPUT -p \S+ -j DROP drops them$/,
    ),
  ]);
  const health = (await statusOf(owner))?.health[0];
  expect(health?.heldBy).toContain("its adverts cannot be sent");
  expect(await lab.holders(VIP)).toEqual([other.name]);

  await undo();
  expect(await settled(lab)).toBe(other);
  await until(async () => (await complaintsOf(owner)).length === 0, SOON_MS, "the problem has ended");
  expect(ownersSince(lab, sinceMs).transitions).toBe(1);
});

it("has one owner all the same where no host can send, and again once all can", async () => {
  const { lab } = used;
  const sinceMs = Date.now();
  const undos = await Promise.all(lab.hosts.map((host) => dropAdverts(host, "outgoing")));
  await until(
    async () => {
      const all = await Promise.all(lab.hosts.map(complaintsOf));
      return all.every(({ length }) => length > 0) && (await lab.owner(VIP)) !== undefined;
    },
    SOON_MS,
    "one host owns the VIP although no host can send",
  );
  const ownedMs = Date.now() - sinceMs;
  const first = await lab.owner(VIP);
  await sleep(3_000);
  expect(await lab.owner(VIP)).toBe(first);
  const { doubleMs, gapMs } = ownersSince(lab, sinceMs);
  process.stdout.write(
    `measured: no host can send: one owner after ${ownedMs} ms; two owners ${doubleMs} ms, none ${gapMs} ms\n`,
  );

  await Promise.all(undos.map((undo) => undo()));
  await settled(lab);
  expect(doubleMs).toBeLessThan(CRASH_MS);
  expect(ownersSince(lab, sinceMs).doubleMs).toBeLessThan(CRASH_MS);
});
