/** The command `check` as other programs call it: the object that docs/use/port-check.md documents, and the exit status. */
import path from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { HOOK, saveOf } from "../fixtures/nat-saves.ts";

const ROOT = path.join(import.meta.dirname, "..", "..");
const PROGRAM = path.join(ROOT, "dist", "rancher-keepalived.mjs");
const VIP = "192.168.10.100";

const call = (args: string[], { input = "", ...env }: Record<string, string> = {}) =>
  execa(process.execPath, [PROGRAM, "check", ...args], {
    input,
    env: { PATH: process.env["PATH"], ...env },
    extendEnv: false,
    reject: false,
  });
const rules = (name: string) => path.join(ROOT, "test", "fixtures", "iptables", `${name}.save`);

it.each([
  {
    fixture: "rancher16-nft",
    port: "80",
    ip: VIP,
    status: 0,
    verdict: "healthy",
    reason: "dnat 10.42.176.196:80",
  },
  {
    fixture: "rancher16-legacy",
    port: "8080/tcp",
    ip: "any",
    status: 0,
    verdict: "healthy",
    reason: "dnat 10.42.77.50:3000",
  },
  {
    fixture: "only8080-legacy",
    port: "80",
    ip: VIP,
    status: 1,
    verdict: "unhealthy",
    reason: "port-not-published",
  },
  { fixture: "udp-nft", port: "80", ip: VIP, status: 1, verdict: "unhealthy", reason: "port-not-published" },
  {
    fixture: "hostip-bound-nft",
    port: "80",
    ip: VIP,
    status: 1,
    verdict: "unhealthy",
    reason: "published-on-other-address",
  },
  { fixture: "no-chain-nft", port: "80", ip: VIP, status: 1, verdict: "unhealthy", reason: "chain-missing" },
  {
    fixture: "incompatible-nft",
    port: "80",
    ip: VIP,
    status: 2,
    verdict: "unknown",
    reason: "table-incompatible",
  },
])(
  "$fixture, port $port for $ip: $verdict, $reason",
  async ({ fixture, port, ip, status, verdict, reason }) => {
    const result = await call(["--rules", rules(fixture), "--port", port, "--ip", ip, "--json"]);

    expect(result.exitCode).toBe(status);
    expect(JSON.parse(result.stdout)).toMatchObject({
      verdict,
      reason,
      ports: [{ port: Number(port.split("/")[0]), protocol: "tcp", verdict, reason }],
    });
  },
);

it("takes ports and address from the settings without options", async () => {
  const env = { CHECK_PORT: "80,53/udp", VIRTUAL_IP: VIP };
  const { exitCode, stdout } = await call(["--rules", rules("rancher16-nft"), "--json"], env);

  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout).ports).toMatchObject([
    { port: 80, protocol: "tcp", verdict: "healthy" },
    { port: 53, protocol: "udp", verdict: "unhealthy" },
  ]);
});

it("gives one verdict on an IPv6 VIP, of the settings or of --ip", async () => {
  // without --interface the answers name what this machine's network has at that moment, each for itself
  const args = ["--rules", rules("rancher16-nft"), "--port", "80", "--interface", "eth0", "--json"];
  const bySettings = await call(args, { VIRTUAL_IP: "2001:db8::50" });
  const byOption = await call([...args, "--ip", "2001:db8::50"]);

  expect(bySettings).toMatchObject({ exitCode: 2, stdout: byOption.stdout });
  expect(JSON.parse(byOption.stdout)).toMatchObject({ verdict: "unknown", reason: "ipv6-not-judged" });
});

it("prints the same as lines for people", async () => {
  const args = [
    "--rules",
    rules("only8080-nft"),
    "--port",
    "8080",
    "--port",
    "53/udp",
    "--interface",
    "bond0",
  ];
  const { stdout } = await call(args);

  expect(stdout.split("\n")).toEqual([
    "unhealthy",
    "  for clients of any address by bond0",
    "  8080/tcp  healthy  dnat (10.42.77.50:3000)",
    "  53/udp  unhealthy  port-not-published",
    "  published: 8080/tcp -> 10.42.77.50:3000",
    "-> Look in Rancher whether the service that publishes the port has a running container on this host.",
  ]);
});

/** Beside an agent whose status has these groups. */
async function callBeside(instances: readonly object[], health: readonly object[], options: string[]) {
  const args = ["check", ...options, "--json"];
  const script = `
    const { createServer } = require("node:net");
    const { execFile } = require("node:child_process");
    const status = ${JSON.stringify({ agent: { pid: 1 }, instances, health, problems: [] })};
    createServer((socket) => socket.write(JSON.stringify(status) + "\\n")).listen("\\0rancher-keepalived", () => {
      execFile(process.execPath, ${JSON.stringify([PROGRAM, ...args])}, (_error, stdout) => {
        process.stdout.write(stdout, () => process.exit());
      });
    });`;
  const { stdout } = await execa("unshare", ["--net", process.execPath, "-e", script]);
  return JSON.parse(stdout);
}

it("takes the interface that the agent here has for the VIP, which a label may have set", async () => {
  const instances = [
    { name: "other", interface: "eth7", vips: ["192.168.10.99/24"] },
    { name: "main", interface: "bond0", vips: [`${VIP}/24`] },
  ];
  const options = ["--rules", rules("rancher16-nft"), "--port", "80", "--ip", VIP];

  expect(await callBeside(instances, [], options)).toMatchObject({
    address: VIP,
    interface: "bond0",
    verdict: "healthy",
  });
});

it.each([
  {
    why: "the VIP",
    health: { group: "main" },
    options: [],
    want: { address: VIP, verdict: "unhealthy", reason: "published-on-other-address" },
  },
  { why: "its check.ip", health: { group: "main", checkIp: "any" }, options: [], want: { address: "any" } },
  {
    why: "but no more than --ip says",
    health: { group: "main", checkIp: VIP },
    options: ["--ip", "any"],
    want: { address: "any" },
  },
])("takes from the agent here what only metadata says: $why", async ({ health, options, want }) => {
  const instances = [{ name: "main", interface: "eth0", vips: [`${VIP}/24`] }];
  const args = ["--rules", rules("hostip-bound-nft"), "--port", "80", ...options];

  expect(await callBeside(instances, [health], args)).toMatchObject(want);
});

it("says that it knows no VIP, where no agent and no setting has one", async () => {
  const args = ["--rules", rules("hostip-bound-nft"), "--port", "80", "--interface", "eth0"];

  expect((await call(args)).stderr).toMatch(/^note: no VIP known, .*; give --ip/);
  expect((await call([...args, "--ip", "any"])).stderr).toBe("");
});

it("reads a save from standard input, and knows the interface that it is told", async () => {
  const input = saveOf([
    "-A PREROUTING -i wan -j ACCEPT",
    HOOK,
    "-A CATTLE_PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.1.2:80",
  ]);
  const by = (name: string) => call(["--rules", "-", "--port", "80", "--interface", name], { input });

  expect(await by("wan")).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("-i wan -j ACCEPT") });
  expect(await by("lan0")).toMatchObject({ exitCode: 0 });
});

it("reads the saves of iptables and ip6tables from one file, in either order", async () => {
  const target = { ipv4: "10.42.1.2:80", ipv6: "[fd00::2]:80" };
  const saveBy = (program: string, to: string) =>
    `# Generated by ${program} v1.8.9\n${saveOf([HOOK, `-A CATTLE_PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination ${to}`])}`;
  const saves = [saveBy("iptables-save", target.ipv4), saveBy("ip6tables-save", target.ipv6)];
  for (const input of [saves.join(""), saves.toReversed().join("")]) {
    for (const [ip, to] of [
      [VIP, target.ipv4],
      ["2001:db8::100", target.ipv6],
    ]) {
      const { stdout } = await call(["--rules", "-", "--port", "80", "--ip", `${ip}`, "--json"], { input });

      expect(JSON.parse(stdout)).toMatchObject({ verdict: "healthy", detail: to });
    }
  }
});

it("says what a file is that is no save, and never that iptables was busy", async () => {
  const { exitCode, stdout } = await call(["--rules", import.meta.filename, "--port", "80", "--json"]);

  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({
    verdict: "unknown",
    reason: "iptables-unusable",
    detail: expect.stringContaining("holds no nat table from *nat to COMMIT"),
  });
  const { stdout: text } = await call(["--rules", import.meta.filename, "--port", "80"]);
  expect(text).toMatch(/\n-> Write it with `iptables-save -t nat`\.$/);
});

it.each([
  { args: [], message: "needs a --port" },
  { args: ["--port", "http"], message: "--port takes" },
  {
    args: ["--port", "80", "--ip", "nowhere"],
    message: 'not "nowhere"\n-> Run `rancher-keepalived help check` for what it takes.',
  },
  {
    args: ["--port", "80", "--rules", "/nowhere/rules"],
    message:
      "cannot be read (ENOENT)\n-> Name a file that `iptables-save -t nat` wrote, or - for standard input.",
  },
  { args: ["--port", "80", "--interface", ""], message: "--interface takes an interface name" },
  {
    args: ["--port", "80", "--interface", "eth0:1"],
    message: '1-15 bytes without /, : and white space, not "eth0:1"',
  },
])("refuses $args with status 78", async ({ args, message }) => {
  const { exitCode, stderr } = await call(args);

  expect(exitCode).toBe(78);
  expect(stderr).toContain(message);
});

it("names all wrong values at once", async () => {
  const wrong = ["--port", "0", "--port", "80/sctp", "--ip", "nowhere", "--interface", "eth 0"];
  const { exitCode, stderr } = await call(wrong);

  expect(exitCode).toBe(78);
  for (const value of ["0", "80/sctp", "nowhere", "eth 0"]) expect(stderr).toContain(`not "${value}"`);
});

it("takes any in capitals, as the setting does", async () => {
  const { exitCode } = await call(["--rules", rules("hostip-bound-nft"), "--port", "80", "--ip", "ANY"]);

  expect(exitCode).toBe(0);
});
