import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";

const NAMESPACE = `rk${process.pid}net`;
const PROGRAM = new URL("./iproute-program.ts", import.meta.url).pathname;
const ip = (...args: string[]) => execa("ip", ["-n", NAMESPACE, ...args]);
beforeAll(async () => {
  await execa("ip", ["netns", "add", NAMESPACE]);
  await ip("link", "add", "br-ex", "type", "bridge");
  await ip("link", "add", "eth0", "type", "veth", "peer", "name", "eth0p");
  await ip("address", "add", "198.51.100.11/24", "dev", "br-ex");
  await ip("address", "add", "2001:db8::11/64", "dev", "br-ex", "nodad");
  await ip("link", "set", "br-ex", "up");
  await ip("address", "add", "198.51.100.50/32", "dev", "eth0");
  await ip("route", "add", "default", "via", "198.51.100.1", "dev", "br-ex", "metric", "100");
});
afterAll(() => execa("ip", ["netns", "del", NAMESPACE]));

async function run(...args: string[]) {
  const { stdout } = await execa("ip", ["netns", "exec", NAMESPACE, process.execPath, PROGRAM, ...args]);
  return JSON.parse(stdout);
}

it("lists interfaces with their addresses, one that is down too, and the default route", async () => {
  const network = await run("read");
  const named = (name: string) => network.interfaces.find((link: { name: string }) => link.name === name);

  expect(named("br-ex").addresses).toContainEqual({
    address: "198.51.100.11",
    prefix: 24,
    isSecondary: false,
  });
  expect(named("br-ex").addresses).toContainEqual({
    address: "2001:db8::11",
    prefix: 64,
    isSecondary: false,
  });
  expect(named("eth0").addresses).toEqual([{ address: "198.51.100.50", prefix: 32, isSecondary: false }]);
  expect(named("lo").isLoopback).toBe(true);
  expect(network.defaultRoute).toEqual({ ipv4: "br-ex" });
});

it("finds the bridge that leads to metadata, and reads the rest where no route does", async () => {
  await ip("link", "add", "own0", "type", "bridge");
  await ip("address", "add", "10.77.0.1/24", "dev", "own0");
  await ip("link", "set", "own0", "up");
  await ip("route", "add", "unreachable", "10.78.0.1");
  const containerBridges = async (metadata: string) => {
    const { interfaces, defaultRoute } = await run("read", metadata);
    expect(defaultRoute).toEqual({ ipv4: "br-ex" });
    return interfaces.flatMap((link: { name: string; isForContainers?: boolean }) =>
      link.isForContainers ? link.name : [],
    );
  };

  expect(await containerBridges("10.77.0.5")).toEqual(["own0"]);
  expect(await containerBridges("10.78.0.1")).toEqual([]);
  await ip("link", "del", "own0");
});

it.each([
  { what: "fails", script: "echo no >&2; exit 1" },
  { what: "prints something else", script: "echo [1]; echo []; echo []" },
  { what: "ends early", script: "echo []" },
])("says that the network cannot be read where ip $what", async ({ script }) => {
  const folder = await mkdtemp(path.join(tmpdir(), "rk-ip-"));
  await writeFile(path.join(folder, "ip"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const env = { PATH: `${folder}:${process.env["PATH"]}` };
  for (const metadata of ["", "10.77.0.5"]) {
    const reading = execa(process.execPath, [PROGRAM, "read", metadata], { env });
    await expect(reading).rejects.toThrow(/NETWORK_UNREADABLE/);
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

it("finds and deletes an address wherever it is, and is content where it is gone", async () => {
  const [found] = await run("find", "198.51.100.50");
  expect(found).toEqual({ interface: "eth0", address: "198.51.100.50", prefix: 32 });

  await run("delete", JSON.stringify(found));
  await run("delete", JSON.stringify(found));
  await run("delete", JSON.stringify({ ...found, interface: "gone0" }));

  expect(await run("find", "198.51.100.50")).toEqual([]);
});

it("does not find an address on the loopback interface to delete it, and tells that it is there", async () => {
  await ip("address", "add", "198.51.100.70/32", "dev", "lo");

  expect(await run("find", "198.51.100.70")).toEqual([]);
  expect((await run("observe", "198.51.100.70")).held).toEqual([
    { interface: "lo", address: "198.51.100.70", hasLifetime: false, isLoopback: true },
  ]);
});

it.each([
  { address: "198.51.100.60", prefix: 32 },
  { address: "2001:db8::60", prefix: 128 },
])("adds $address as keepalived does, and is content where it is there", async (vip) => {
  const local = { interface: "br-ex", ...vip };
  expect([await run("add", JSON.stringify(local)), await run("add", JSON.stringify(local))]).toEqual([
    null,
    null,
  ]);
  expect((await run("observe", vip.address)).held).toMatchObject([
    { interface: "br-ex", address: vip.address },
  ]);
});

it("says why the kernel refuses an address, and which interfaces are up", async () => {
  await execa("ip", ["netns", "exec", NAMESPACE, "sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=1"]);
  const refused = { interface: "eth0", address: "2001:db8::61", prefix: 128 };
  expect(await run("add", JSON.stringify(refused))).toMatch(/IPv6 is disabled|Permission denied/);
  expect((await run("observe", refused.address)).linksUp).not.toContain("eth0");
});
