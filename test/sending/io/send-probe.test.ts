import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { unusedNear } from "../../../src/listening/unused-addresses.ts";
import type { Instance } from "../../../src/vrrp/instance.ts";
import { startProxyRouter } from "../../e2e/faults/proxy-router.ts";
import { INSTANCE } from "../../fixtures/desired.ts";

const HERE = `rk${process.pid}here`;
const THERE = `rk${process.pid}there`;
const MAC = "02:00:00:00:00:0a";
const LINK_LOCAL = "fe80::a";
const PROGRAM = new URL("./send-probe-program.ts", import.meta.url).pathname;
const run = (namespace: string, ...command: string[]) =>
  execa("ip", ["netns", "exec", namespace, ...command], { reject: true });
const GROUP: Instance = {
  ...INSTANCE,
  unicast: { source: "192.0.2.1", peers: ["192.0.2.2"], isAlone: false },
  firstVip: { address: "192.0.2.100", prefix: 32 },
};

/** JSON has no undefined values. */
const SENT = { canSend: true, isAnswered: false, isFirst: false, outOfReach: [] };

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-probe-"));
  for (const name of [HERE, THERE]) await execa("ip", ["netns", "add", name]);
  await execa("ip", [
    "-n",
    HERE,
    "link",
    "add",
    "eth0",
    "type",
    "veth",
    "peer",
    "name",
    "eth0",
    "netns",
    THERE,
  ]);
  await run(HERE, "ip", "link", "set", "eth0", "address", MAC);
  await run(THERE, "ip", "link", "set", "eth0", "address", "02:00:00:00:00:0b");
  await run(HERE, "ip", "address", "add", `${LINK_LOCAL}/64`, "dev", "eth0", "nodad");
  for (const [name, last] of [
    [HERE, 1],
    [THERE, 2],
  ] as const) {
    await run(name, "ip", "address", "add", `192.0.2.${last}/24`, "dev", "eth0");
    await run(name, "ip", "address", "add", `2001:db8::${last}/64`, "dev", "eth0", "nodad");
    await run(name, "ip", "link", "set", "eth0", "up");
  }
});
afterAll(async () => {
  for (const name of [HERE, THERE]) await execa("ip", ["netns", "del", name]);
  await rm(folder, { recursive: true, maxRetries: 20 });
});

async function probe(instance: Instance, taken: readonly string[] = []): Promise<unknown> {
  const host = [MAC, LINK_LOCAL, ...taken];
  const { stdout } = await run(HERE, process.execPath, PROGRAM, JSON.stringify(instance), ...host);
  return JSON.parse(stdout);
}

it("can send, and hears nobody who has the VIP", async () => {
  expect(await probe(GROUP)).toEqual(SENT);
});

it.each([
  { family: "IPv4", vip: "192.0.2.100", change: {} },
  {
    family: "IPv6",
    vip: "2001:db8::100",
    change: { unicast: { source: "2001:db8::1", peers: ["2001:db8::2"], isAlone: false } },
  },
])("hears who has the VIP, with $family", async ({ family, vip, change }) => {
  const prefix = family === "IPv4" ? 32 : 128;
  const local = [`${vip}/${prefix}`, "dev", "eth0"];
  await run(THERE, "ip", "address", "add", ...local, ...(family === "IPv6" ? ["nodad"] : []));
  const group = { ...GROUP, ...change, firstVip: { address: vip, prefix } };
  expect(await probe(group)).toEqual({ ...SENT, isAnswered: true });
  await run(THERE, "ip", "link", "set", "eth0", "address", "02:00:00:00:00:09");
  expect(await probe(group)).toEqual({ ...SENT, isAnswered: true, isFirst: true });
  await run(THERE, "ip", "link", "set", "eth0", "address", "02:00:00:00:00:0b");
  await run(THERE, "ip", "address", "del", ...local);
});

it("hears nobody beside a router that answers for every address, and takes no peer for one that is there", async () => {
  const endRouter = await startProxyRouter(THERE);
  await run(HERE, "iptables", "-A", "OUTPUT", "-p", "112", "-j", "DROP");
  const unicast = { source: "192.0.2.1", peers: ["192.0.2.3"], isAlone: false };
  try {
    // on a busy machine the router may answer some of the questions too late
    await expect.poll(() => probe({ ...GROUP, unicast })).toMatchObject(SENT);
  } finally {
    endRouter();
    await run(HERE, "iptables", "-D", "OUTPUT", "-p", "112", "-j", "DROP");
  }
});

it("takes no owner for a router that has the VIPs of other groups, too", async () => {
  const others = unusedNear(GROUP.firstVip.address, new Set());
  const held = [GROUP.firstVip.address, ...others];
  for (const vip of held) await run(THERE, "ip", "address", "add", `${vip}/32`, "dev", "eth0");

  expect(await probe(GROUP, others)).toEqual({ ...SENT, isAnswered: true });
  for (const vip of held) await run(THERE, "ip", "address", "del", `${vip}/32`, "dev", "eth0");
});

it("names the kernel's word where the packet filter drops protocol 112", async () => {
  await run(HERE, "iptables", "-A", "OUTPUT", "-p", "112", "-j", "DROP");
  expect(await probe(GROUP)).toEqual({
    ...SENT,
    canSend: false,
    outOfReach: ["192.0.2.2"],
    error: "Operation not permitted",
  });
  await run(HERE, "iptables", "-D", "OUTPUT", "-p", "112", "-j", "DROP");
});

it("can send by multicast, and cannot where one of two peers is there and not reached", async () => {
  expect(await probe({ ...GROUP, unicast: undefined })).toMatchObject({ canSend: true });
  const drop = ["OUTPUT", "-p", "112", "-d"];
  await run(HERE, "iptables", "-A", ...drop, "192.0.2.2", "-j", "DROP");
  const peers = ["192.0.2.2", "192.0.2.3"];
  const group: Instance = { ...GROUP, unicast: { source: "192.0.2.1", peers, isAlone: false } };
  expect(await probe(group)).toMatchObject({ canSend: false, outOfReach: ["192.0.2.2"] });

  await run(HERE, "iptables", "-F", "OUTPUT");
  await run(HERE, "iptables", "-A", ...drop, "192.0.2.3", "-j", "DROP");
  expect(await probe(group)).toMatchObject({
    canSend: true, // nobody is there
    outOfReach: [],
    error: "Operation not permitted",
  });
  await run(HERE, "iptables", "-F", "OUTPUT");
});

it("is not heard by a keepalived: its packets belong to no group", async () => {
  const conf = path.join(folder, "keepalived.conf");
  const log = path.join(folder, "log");
  await writeFile(
    conf,
    `vrrp_instance other {
  version 3
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority 100
  unicast_src_ip 192.0.2.2
  unicast_peer {
    192.0.2.1
  }
  virtual_ipaddress {
    192.0.2.100/32 dev eth0
  }
}
`,
  );
  const files = ["-p", path.join(folder, "pid"), "-r", path.join(folder, "vrrp.pid")];
  const keepalived = run(
    THERE,
    "sh",
    "-c",
    `exec keepalived -n -l -D -P -f ${conf} ${files.join(" ")} >${log} 2>&1`,
  );
  const read = async () => (await execa("cat", [log], { reject: false })).stdout;
  await expect.poll(read).toContain("Entering MASTER STATE");
  const before = (await read()).split("\n").filter((line) => !line.includes("ending"));

  expect(await probe(GROUP)).toEqual({ ...SENT, isAnswered: true });
  const after = (await read()).split("\n").filter((line) => !line.includes("ending"));
  expect(after).toEqual(before);
  keepalived.kill("SIGTERM");
  await keepalived.catch(() => undefined);
});
