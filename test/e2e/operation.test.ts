/** What operators and accidents do to one host: template edits, kills, leftovers, wrong settings, a second agent. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { expect, it, onTestFinished } from "vitest";
import { pidsOf } from "./faults/processes.ts";
import type { Host } from "./lab/host.ts";
import { BUILT_PROGRAM } from "./lab/metadata.ts";
import { removeContainer } from "./lab/metadata-changes.ts";
import { until } from "./lab/until.ts";
import {
  PATIENT_PROBE,
  peersOf,
  reloadsSince,
  settled,
  startAll,
  stateOf,
  statusOf,
  useLab,
  VIP,
} from "./scenario.ts";

const used = useLab({ hosts: 2 });
const GRACE = { PEER_REMOVAL_GRACE: "3" };
const TEMPLATE = path.join(import.meta.dirname, "..", "..", "templates", "keepalived.conf.njk");

it("refuses wrong settings all at once with status 78, and touches nothing", async () => {
  const [host] = used.lab.hosts as [Host];
  const conf = `${host.folder}/never.conf`;
  const result = await execa("ip", ["netns", "exec", host.namespace, ...BUILT_PROGRAM, "run"], {
    env: {
      VIRTUAL_IP: "198.51.100.300",
      VRID: "256",
      INTERFACE: "eth0/1",
      ADVERT_INTERVAL: "fast",
      AUTH_PASS: "far too long",
      KEEPALIVED_CONF: conf,
      STATE_DIR: `${host.folder}/never`,
    },
    reject: false,
  });

  expect(result.exitCode).toBe(78);
  for (const name of ["VIRTUAL_IP", "VRID", "INTERFACE", "ADVERT_INTERVAL", "AUTH_PASS"]) {
    expect(result.stderr).toContain(name);
  }
  expect(result.stderr).not.toContain("far too long");
  expect([existsSync(conf), existsSync(`${host.folder}/never`)]).toEqual([false, false]);
});

it.each([
  { what: "a subnet of its own", leftBehind: 24, vip: "203.0.113.100/24" },
  { what: "an earlier prefix", leftBehind: 24, vip: "203.0.113.100" },
])(
  "removes a VIP with $what that was left behind on both hosts, without any memory of it",
  async ({ leftBehind, vip }) => {
    const { lab } = used;
    const [address = ""] = vip.split("/");
    for (const host of lab.hosts) {
      await host.run(["ip", "address", "add", `${address}/${leftBehind}`, "dev", "eth0"]);
    }
    const held = () => lab.ownership.tenures(address).filter(({ toMs }) => toMs === Number.POSITIVE_INFINITY);
    await until(() => held().length === lab.hosts.length, 120_000, "the lab has seen what was left behind");
    const sinceMs = Date.now();
    onTestFinished(async () => {
      for (const host of lab.hosts) {
        await host.stopAgent();
        rmSync(host.stateFolder, { recursive: true, maxRetries: 20 });
        mkdirSync(host.stateFolder);
      }
    });

    await Promise.all(lab.hosts.map((host) => host.startAgent({ ...GRACE, VIRTUAL_IP: vip })));
    const states = () => Promise.all(lab.hosts.map(stateOf));
    await until(
      async () => (await states()).toSorted().join() === "BACKUP,MASTER",
      120_000,
      "one host owns the VIP and the other backs it up",
    );

    await until(async () => (await lab.holders(address)).length === 1, 120_000, "one host has the VIP");
    expect(lab.ownership.transitions(address, sinceMs)).toBe(1);
    await Promise.all(lab.hosts.map((host) => host.stopAgent()));
    expect(await lab.holders(address)).toEqual([]);
  },
);

it("renders what the agent writes, and touches nothing", async () => {
  const { lab } = used;
  await startAll(lab, GRACE);
  const [host] = lab.hosts as [Host];
  const env = { VIRTUAL_IP: VIP, STACK_NAME: "lb", SERVICE_NAME: "keepalived", STATE_DIR: host.stateFolder };
  // the agent's container has the host's name; a command run beside it is told which host it is
  const uuid = (await statusOf(host))?.host?.uuid ?? "";
  const { stdout } = await execa("ip", ["netns", "exec", host.namespace, ...BUILT_PROGRAM, "render"], {
    env: { ...env, HOST_UUID: uuid },
    stripFinalNewline: false,
  });

  expect(stdout).toBe(host.conf());
});

it("reloads for a line that is added to the template, and refuses and names a broken one", async () => {
  const { lab } = used;
  const [host] = lab.hosts as [Host];
  await host.stopAgent();
  const template = `${host.folder}/own.njk`;
  copyFileSync(TEMPLATE, template);
  const agent = await host.startAgent({ ...GRACE, TEMPLATE: template });
  await settled(lab);

  const text = readFileSync(TEMPLATE, "utf8");
  const edited = agent.logPosition;
  const line = "garp_lower_prio_repeat 1\n  garp_master_repeat {{ 2 if instance.unicast.isAlone else 3 }}";
  const inForce = text.replace("garp_lower_prio_repeat 1", line);
  writeFileSync(template, inForce);
  await agent.awaitLog((entry) => entry.msg === "configuration applied", { from: edited });
  expect(host.conf()).toContain("garp_lower_prio_repeat 1\n  garp_master_repeat 3\n");
  const good = host.conf();
  const from = agent.logPosition;

  for (const broken of [
    "",
    "{% for %}",
    text.replace("unicast_peer {", "unicast_peer_typo {"),
    text.replace("garp_lower_prio_repeat 1", "no_such_keyword 1"),
  ]) {
    const position = agent.logPosition;
    writeFileSync(template, broken);
    const problem = await agent.awaitLog(
      (entry) => entry.msg === "problem found" && entry["part"] === "configuration",
      { from: position },
    );
    expect(["TEMPLATE_BROKEN", "CONF_UNEXPECTED", "CONF_REJECTED"]).toContain(problem["code"]);
    expect(host.conf()).toBe(good);
  }
  const status = await statusOf(host);
  expect(status?.problems.map(({ code }) => code)).toEqual(["CONF_REJECTED"]);
  expect(readFileSync(status?.configuration.rejected ?? "", "utf8")).toContain("no_such_keyword");
  expect(reloadsSince(host, from)).toBe(0);

  writeFileSync(template, inForce);
  await until(
    async () => (await statusOf(host))?.problems.length === 0,
    120_000,
    "what is wanted is in force",
  );
  expect((await statusOf(host))?.configuration).toMatchObject({ lastReload: { outcome: "applied" } });
  expect((await statusOf(host))?.configuration.rejected).toBeUndefined();
  expect(reloadsSince(host, from)).toBe(0);

  writeFileSync(template, text);
  const isBack = () => host.conf()?.includes("garp_master_repeat") === false;
  await until(isBack, 120_000, "the template as it was is in force");
  await until(async () => (await statusOf(host))?.problems.length === 0, 120_000, "all is well again");
});

it("lets a second agent of the same host network wait until the first one ends", async () => {
  const { lab } = used;
  const [host] = lab.hosts as [Host];
  await settled(lab);
  const second = execa("ip", ["netns", "exec", host.namespace, ...BUILT_PROGRAM, "run"], {
    env: {
      VIRTUAL_IP: VIP,
      METADATA_URL: "off",
      UNICAST_PEERS: peersOf(host).join(),
      KEEPALIVED_CONF: `${host.folder}/second.conf`,
      STATE_DIR: `${host.folder}/second`,
    },
    reject: false,
    forceKillAfterDelay: 5_000,
  });
  const lines = second.iterable()[Symbol.asyncIterator]();
  const next = async (text: string): Promise<string> => {
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      if (line.value.includes(text)) return line.value;
    }
    throw new Error(`the second agent ended without "${text}"`);
  };
  await next("another agent runs in this host network");
  expect(existsSync(`${host.folder}/second.conf`)).toBe(false);

  await host.stopAgent();
  await next("configuration applied");
  await until(async () => (await pidsOf(host, "keepalived")).length === 2, 120_000, "one keepalived runs");

  second.kill("SIGTERM");
  expect((await second).exitCode).toBe(0);
  await host.startAgent(GRACE);
  await settled(lab);
});

it("starts beside pid files that name a living process", async () => {
  const { lab } = used;
  const [host] = lab.hosts as [Host];
  await host.killContainer();
  for (const name of ["keepalived.pid", "vrrp.pid"]) writeFileSync(`${host.stateFolder}/${name}`, "1\n");

  await host.startAgent(GRACE);

  await settled(lab);
});

it("removes a VIP that an earlier configuration left behind", async () => {
  const { lab } = used;
  const owner = await settled(lab);
  await owner.killContainer();
  expect(await owner.addresses()).toContain(VIP);

  await owner.startAgent({ VIRTUAL_IP: "198.51.100.101" });
  await until(async () => !(await owner.addresses()).includes(VIP), 120_000, "the stale VIP is gone");
  await owner.stopAgent();
  await owner.startAgent(GRACE);
  await settled(lab);
});

it("holds its VIP while its only peer leaves for good with its container and comes back", async () => {
  const { lab } = used;
  const owner = await settled(lab);
  const other = lab.hosts.find((host) => host !== owner)!;
  const prober = lab.probe(VIP, PATIENT_PROBE);
  await prober.awaitAnswer(owner.name);
  const sinceMs = Date.now();

  await other.stopAgent();
  const truth = structuredClone(lab.metadata.document);
  lab.metadata.publish((document) => removeContainer(document, other.name));
  await until(() => peersOf(owner).join() === owner.address, 120_000, "the owner is alone");
  lab.metadata.publish((document) => {
    Object.assign(document, truth);
  });
  await until(() => peersOf(owner).join() === other.address, 120_000, "the owner has its peer again");
  await other.startAgent(GRACE);
  await settled(lab);
  const { lost } = await prober.stop({ sinceMs });

  expect(lost).toBe(0);
  expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
});

it("keeps the last configuration through a restart with a broken template", async () => {
  const { lab } = used;
  const owner = await settled(lab);
  const before = owner.conf();
  const template = `${owner.folder}/broken.njk`;
  writeFileSync(template, "{% broken");
  await owner.stopAgent();

  await owner.startAgent({ ...GRACE, TEMPLATE: template });
  await until(async () => (await stateOf(owner)) === "BACKUP", 120_000, "keepalived runs");

  expect(owner.conf()).toBe(before);
  expect((await statusOf(owner))?.problems.map(({ code }) => code)).toEqual(["TEMPLATE_BROKEN"]);
});

it("says in words and with status 1 that no agent answers", async () => {
  const { lab } = used;
  const [host] = lab.hosts as [Host];
  await host.stopAgent();
  const result = await execa("ip", ["netns", "exec", host.namespace, ...BUILT_PROGRAM, "status"], {
    reject: false,
  });

  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain("AGENT_UNREACHABLE");
});
