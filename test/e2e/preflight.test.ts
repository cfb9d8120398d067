/** Hosts on which the agent cannot work, or not well: it says so, with the fix. */
import { mkdirSync, writeFileSync } from "node:fs";
import { execa } from "execa";
import { expect, it, onTestFinished } from "vitest";
import type { Status } from "../../src/status/status.ts";
import type { Host } from "./lab/host.ts";
import { BUILT_PROGRAM } from "./lab/metadata.ts";
import { until } from "./lab/until.ts";
import { startAll, statusOf, useLab, VIP } from "./scenario.ts";

const used = useLab({ hosts: 2 });
/** An inspection that came before the first configuration, on a machine that stalls, is repeated after a minute. */
const SOON_MS = 150_000;

const isInspection = (entry: { readonly msg?: string }) => entry.msg === "host inspected";

it("finds nothing wrong with hosts that are well, and notes what the kernel does with VIPs", async () => {
  await startAll(used.lab);
  for (const host of used.lab.hosts) {
    const { keepalived, notes } = await host.agent.awaitLog(isInspection, { timeoutMs: SOON_MS });

    expect(keepalived).toMatch(/^2\./);
    // this machine may refuse real-time priority
    const others = (notes as string[]).filter((note) => !note.includes("real-time priority"));
    expect(others).toEqual([expect.stringContaining("net.ipv4.ip_nonlocal_bind is 0")]);
    const status = await statusOf(host);
    expect(status?.problems).toEqual([]);
    expect(["realtime", "refused"]).toContain(status?.scheduling.phase);
  }
});

it("runs without SYS_NICE, and says what to do, also about a short interval", async () => {
  const [host] = used.lab.hosts as [Host];
  await host.stopAgent();
  const prelude = 'exec setpriv --bounding-set -sys_nice "$@"';
  const agent = await host.startAgent({ ADVERT_INTERVAL: "0.05" }, { prelude });

  const advice = await until(
    async () => (await statusOf(host))?.problems.find(({ part }) => part === "advice"),
    SOON_MS,
    "the host advises",
  );

  expect(advice.message).toContain("ADVERT_INTERVAL (environment) is 0.05 s");
  const { scheduling } = (await statusOf(host)) ?? {};
  expect(scheduling).toMatchObject({ phase: "refused", reason: "the capability SYS_NICE is missing" });
  expect(advice.message).toContain("SYS_NICE is missing");
  const { notes } = await agent.awaitLog(isInspection, { timeoutMs: SOON_MS });
  expect(notes).toContainEqual(expect.stringContaining("cap_add: [SYS_NICE]"));
});

it("names the rule that keeps the adverts of the other host out, once", async () => {
  const [host, other] = used.lab.hosts as [Host, Host];
  await host.stopAgent();
  await host.run(["iptables-nft", "-A", "INPUT", "-p", "112", "-j", "DROP"]);
  const agent = await host.startAgent();

  const problem = await until(
    async () => (await statusOf(host))?.problems.find(({ part }) => part === "host"),
    SOON_MS,
    "the host says what is wrong",
  );

  expect(problem).toMatchObject({
    code: "VRRP_BLOCKED",
    message: `protocol 112 from ${other.address} is dropped by the rule -A INPUT -p vrrp -j DROP (iptables of nft, ipv4)`,
    hint: expect.stringContaining("iptables -I INPUT -p 112"),
  });
  expect(agent.log.filter(({ part, msg }) => part === "host" && msg === "problem found")).toHaveLength(1);
  expect((await statusOf(other))?.problems).toEqual([]);
});

it("detects that it runs in its container's network", async () => {
  const [host] = used.lab.hosts as [Host];
  const inside = ["netns", "exec", host.containerNamespace];
  const folder = `${host.folder}/containers/${"ab".repeat(32)}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/hostname`, "h1\n");
  const script = `mount -n --bind ${folder}/hostname /etc/hostname; exec "$@"`;
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const command = ["unshare", "--mount", "sh", "-ec", script, "sh", ...BUILT_PROGRAM, "run"];
  const agent = execa("ip", [...inside, ...command], {
    cancelSignal: stop.signal,
    env: {
      VIRTUAL_IP: "172.17.0.50/16",
      METADATA_URL: "off",
      KEEPALIVED_CONF: `${folder}/keepalived.conf`,
      STATE_DIR: `${folder}/state`,
    },
    reject: false,
  });

  const problem = await until(
    async () => {
      const args = [...inside, ...BUILT_PROGRAM, "status", "--json"];
      const { stdout } = await execa("ip", args, { reject: false });
      const status: Status | undefined = stdout === "" ? undefined : JSON.parse(stdout);
      return status?.problems.find(({ part }) => part === "host");
    },
    SOON_MS,
    "the agent says where it is",
  );
  stop.abort();
  await agent;

  expect(problem).toMatchObject({
    code: "HOST_NETWORK_MISSING",
    hint: "Start the container with `network_mode: host`.",
  });
  expect(problem.message).toContain("only eth0 with 172.17.0.2, 10.42.1.2, 169.254.169.250");
});

it("does not start where it could only be an owner without the VIP, and touches nothing", async () => {
  const { lab } = used;
  const [host, other] = lab.hosts as [Host, Host];
  await host.stopAgent();
  await until(async () => (await lab.holders(VIP)).join() === other.name, SOON_MS, "the other host serves");
  const sinceMs = Date.now();
  const container = await host.startContainer(
    ["setpriv", "--bounding-set", "-net_admin", ...BUILT_PROGRAM, "run"],
    { VIRTUAL_IP: VIP, STATE_DIR: `${host.folder}/never`, PRIORITY: "254", PREEMPT: "true" },
  );
  const { code } = await container.exited;

  const said = container.log.lines.map(({ text }) => text).join("\n");
  expect(code).toBe(1);
  expect(said).toContain("CAPABILITY_MISSING: the agent runs without NET_ADMIN");
  expect(said).toContain("cap_add");
  expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
});
