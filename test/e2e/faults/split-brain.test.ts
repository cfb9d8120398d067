/** Two hosts with one VIP, or others that use its VRID: each agent that can see it says so within 5 s, and why. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import {
  describeSplitBrain,
  SPLIT_BRAIN_HINTS,
  type SplitBrainCause,
} from "../../../src/split-brain/causes.ts";
import type { Status } from "../../../src/status/status.ts";
import { ask } from "../lab/ask.ts";
import type { Host } from "../lab/host.ts";
import { BUILT_PROGRAM } from "../lab/metadata.ts";
import { until } from "../lab/until.ts";
import { calm, settled, statusOf, useLab, VIP } from "../scenario.ts";

const used = useLab({ hosts: 2 });
/** What is promised, and what a machine may be late that does much else. */
const PROMISE_MS = 5_000;
const SLACK_MS = 3_000;
const SOON_MS = 120_000;
const VRID = 100;

let foreign: Host;
/** The first one is owner from the start, and has the higher priority. */
let first: Host;
let second: Host;
beforeAll(async () => {
  const { lab } = used;
  [first, second] = lab.hosts as [Host, Host];
  await first.startAgent({ PRIORITY: "240" });
  await until(async () => (await lab.holders(VIP)).length === 1, SOON_MS, "the first host owns the VIP");
  await second.startAgent({ PRIORITY: "210" });
  await calm(lab);
  foreign = await lab.addHost();
});

async function macOf(host: Host): Promise<string> {
  const [link] = JSON.parse(await host.run(["ip", "-json", "link", "show", "eth0"]));
  return link.address;
}

/** What the host's agent suspects, as its status says. */
async function suspicionsOf(host: Host): Promise<Status["splitBrain"]> {
  return (await statusOf(host))?.splitBrain ?? [];
}

/** What `status` says after NOT WELL in its first line. It must exit with 1. */
async function headlineOf(host: Host): Promise<string | undefined> {
  const command = ["netns", "exec", host.namespace, ...BUILT_PROGRAM, "status"];
  const { stdout, exitCode } = await execa("ip", command, { reject: false });
  expect(exitCode).toBe(1);
  return /^NOT WELL: (.*)$/m.exec(stdout.split("\n", 1)[0] ?? "")?.[1];
}

/** The agent says so in its log within the promised time; in its status, its metrics and its journal, too. */
async function says(
  host: Host,
  cause: SplitBrainCause,
  since: { position: number; atMs: number },
  who: object,
) {
  const entry = await host.agent.awaitLog(
    ({ msg, cause: said }) => msg === "split brain suspected" && said === cause,
    { from: since.position, timeoutMs: SOON_MS },
  );
  const tookMs = Date.parse(String(entry["time"])) - since.atMs;
  process.stdout.write(
    `measured: ${host.name} says ${cause} after ${Math.round(tookMs)} ms: ${entry["reason"]}\n`,
  );
  expect(entry).toMatchObject({ group: "main", ...who });
  expect(tookMs).toBeLessThan(PROMISE_MS + SLACK_MS);

  const status = await statusOf(host);
  expect(status?.splitBrain).toMatchObject([{ cause, ...who, hint: SPLIT_BRAIN_HINTS[cause] }]);
  expect(status && describeSplitBrain(status.splitBrain)).toBe(await headlineOf(host));
  expect(await ask(host, "/readyz")).toMatchObject({ status: 503 });
  const metrics = await host.run(["curl", "-s", "http://127.0.0.1:9650/metrics"]);
  expect(metrics).toContain(`split_brain_suspected{group="main",cause="${cause}"} 1\n`);
  const journal = await host.run(["cat", join(host.stateFolder, "journal.jsonl")]);
  expect(journal).toContain(`"kind":"split-brain","group":"main","cause":"${cause}"`);
}

async function clears(host: Host): Promise<void> {
  await until(async () => (await suspicionsOf(host)).length === 0, SOON_MS, `${host.name} suspects nobody`);
}

function now(host: Host) {
  return { position: host.agent.logPosition, atMs: Date.now() };
}

it("a host that drops protocol 112 becomes a second owner: it says why, and the owner says who does not hear it", async () => {
  const { lab } = used;
  const positions = [first, second].map(({ agent }) => agent.logPosition) as [number, number];
  await second.run(["iptables-nft", "-A", "INPUT", "-p", "112", "-j", "DROP"]);
  await until(async () => (await lab.holders(VIP)).length === 2, SOON_MS, "two hosts own the VIP");
  const atMs = Date.now();

  await Promise.all([
    says(
      second,
      "adverts-blocked",
      { position: positions[1], atMs },
      {
        address: first.address,
        mac: await macOf(first),
      },
    ),
    says(
      first,
      "unheard",
      { position: positions[0], atMs },
      {
        address: second.address,
        mac: await macOf(second),
      },
    ),
  ]);
  expect((await statusOf(first))?.instances[0]?.state).toBe("MASTER");

  await second.run(["iptables-nft", "-D", "INPUT", "-p", "112", "-j", "DROP"]);
  await settled(lab, [first, second]);
  await Promise.all([clears(first), clears(second)]);
});

describe("a keepalived of somebody else that uses the VRID for another VIP is named", () => {
  it.each([
    { how: "multicast", unicast: () => "" },
    {
      how: "unicast",
      unicast: () =>
        `unicast_src_ip ${foreign.address}\nunicast_peer {\n${first.address}\n${second.address}\n}`,
    },
  ])("by $how", async ({ unicast }) => {
    const conf = join(foreign.folder, "foreign.conf");
    writeFileSync(conf, foreignConf(unicast()));
    const since = [now(first), now(second)] as const;
    const container = await foreign.startContainer(["keepalived", "-n", "-l", "-P", "-f", conf]);
    await until(
      async () => (await foreign.addresses()).includes("198.51.100.199"),
      SOON_MS,
      "the foreign keepalived is owner",
    );
    const atMs = Date.now();
    const who = { address: foreign.address, mac: await macOf(foreign) };

    await says(first, "foreign-router", { ...since[0], atMs }, who);
    await says(second, "foreign-router", { ...since[1], atMs }, who);
    await container.stop();
    await Promise.all([clears(first), clears(second)]);
    expect((await statusOf(first))?.instances[0]?.state).toBe("MASTER");
  });
});

it("the owner finds a host that has the VIP without VRRP, and says when it is gone", async () => {
  const since = now(first);
  await foreign.run(["ip", "address", "add", `${VIP}/32`, "dev", "eth0"]);

  await says(first, "address-in-use", since, { mac: await macOf(foreign) });
  await foreign.run(["ip", "address", "del", `${VIP}/32`, "dev", "eth0"]);
  await clears(first);
});

it("five failovers raise no suspicion", async () => {
  const { lab } = used;
  const positions = lab.hosts.slice(0, 2).map(({ agent }) => agent.logPosition);
  for (let round = 0; round < 5; round += 1) {
    const owner = await settled(lab, [first, second]);
    await owner.run(["ip", "link", "set", "eth0", "down"]);
    await until(
      async () => {
        const other = owner === first ? second : first;
        return (await lab.holders(VIP)).includes(other.name);
      },
      SOON_MS,
      "the other host owns the VIP",
    );
    await owner.setLink("up", "host");
    await sleep(500);
  }
  await settled(lab, [first, second]);
  await sleep(PROMISE_MS);

  for (const [index, { agent }] of [first, second].entries())
    expect(agent.log.slice(positions[index]).filter(({ msg }) => msg === "split brain suspected")).toEqual(
      [],
    );
});

function foreignConf(unicast: string): string {
  return `
global_defs {
  router_id foreign
}
vrrp_instance foreign {
  version 3
  state BACKUP
  interface eth0
  virtual_router_id ${VRID}
  priority 100
  advert_int 0.3
  ${unicast}
  virtual_ipaddress {
    198.51.100.199/32 dev eth0
  }
}
`;
}
