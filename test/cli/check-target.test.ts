/** The command `check` on a host that publishes a port as Rancher does: what it shows of the way to the program behind it. */
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTargetLab, type TargetLab } from "../health/io/target-lab.ts";

const PROGRAM = path.join(import.meta.dirname, "..", "..", "dist", "rancher-keepalived.mjs");
const ARGS = ["check", "--port", "80", "--ip", "198.51.100.50"] as const;

let lab: TargetLab;
beforeAll(async () => {
  lab = await openTargetLab("nft");
  await lab.startServer();
});
afterAll(() => lab.remove());

const check = async (...args: readonly string[]) => {
  // the exit status of a verdict that is unknown is 2
  const { stdout } = await lab.onHost(
    "sh",
    "-c",
    '"$@" || [ $? = 2 ]',
    "sh",
    "env",
    // a busy machine reads the tables later
    "CHECK_TIMEOUT=10",
    ...args.filter((arg) => arg.includes("=")),
    process.execPath,
    PROGRAM,
    ...ARGS,
    ...args.filter((arg) => !arg.includes("=")),
  );
  return stdout;
};
const checkPort = async (...args: readonly string[]) => JSON.parse(await check("--json", ...args)).ports[0];
const HEALTHY = { verdict: "healthy", reason: "dnat 10.42.1.2:80" };

it("shows a target that accepts, and an open way", async () => {
  expect(await checkPort()).toMatchObject({
    ...HEALTHY,
    target: { reason: "target-accepts", detail: "10.42.1.2:80" },
    path: {
      reason: "open",
      detail: expect.stringMatching(/^net.ipv4.conf.eth0.forwarding is 1, route by docker0, FORWARD/),
    },
  });
  expect(await checkPort("CHECK_TARGET=false")).not.toHaveProperty("target");
});

it("shows the target of a port whose verdict is unknown, which the agent asks, too", async () => {
  const rule = ["PREROUTING", "-i", "eth0", "-p", "tcp", "-m", "u32", "--u32", "6&0xFF=6", "-j", "DROP"];
  await lab.onHost("iptables-nft", "-t", "mangle", "-A", ...rule);
  try {
    expect(await checkPort()).toMatchObject({
      verdict: "unknown",
      target: { reason: "target-accepts", detail: "10.42.1.2:80" },
      path: { reason: "open" },
    });
  } finally {
    await lab.onHost("iptables-nft", "-t", "mangle", "-D", ...rule);
  }
});

it.each([
  {
    path: "forwarding-off",
    begin: ["sysctl", "-qw", "net.ipv4.ip_forward=0"],
    end: ["sysctl", "-qw", "net.ipv4.ip_forward=1"],
  },
  {
    path: "forward-dropped",
    begin: ["iptables-nft", "-P", "FORWARD", "DROP"],
    end: ["iptables-nft", "-P", "FORWARD", "ACCEPT"],
  },
])("shows $path, and keeps the verdict of the rules", async ({ path: reason, begin, end }) => {
  await lab.onHost(...begin);
  try {
    expect(await checkPort()).toMatchObject({ ...HEALTHY, path: { reason } });
    expect(await check()).toMatch(
      new RegExp(`^healthy\n[^]*\n    path: ${reason} \\(.*\\)\nnote: only the rules decide this verdict`),
    );
  } finally {
    await lab.onHost(...end);
  }
});

it("shows a target that refuses, and one that has no route", async () => {
  await lab.endServer();
  expect(await checkPort()).toMatchObject({
    ...HEALTHY,
    target: { reason: "target-failed", detail: "10.42.1.2:80: connection refused" },
    path: { reason: "open" },
  });

  await lab.onHost("ip", "route", "del", "10.42.1.0/24", "dev", "docker0");
  expect(await checkPort()).toMatchObject({ ...HEALTHY, path: { reason: "no-route" } });
});
