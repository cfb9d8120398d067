/** The changes that the listener process tells of, on the kernel's own announcements. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, type TestContext } from "vitest";
import { leaseLines } from "../../../src/lease/leased-vip.ts";
import { type LeaseLab, openLeaseLab, type Renewer, until } from "./lease-lab.ts";

const V4 = "203.0.113.100";
const V6 = "2001:db8::100";
const VIPS = [V4, V6].map((address) => ({ interface: "eth0", address }));
const ORDER = { vips: VIPS, seconds: 1, mayAdopt: true, pidFile: "/nonexistent/vrrp.pid" };
const ADD_VIPS = [`address add ${V4}/32 dev eth0`, `address add ${V6}/128 dev eth0 nodad preferred_lft 0`];

interface Told {
  readonly lab: LeaseLab;
  readonly listener: Renewer;
  /** What is told of these commands, each once, but for the link-local addresses that the kernel adds by itself. */
  after(...commands: readonly string[]): Promise<string[]>;
}

let marks = 0;

async function openTold(context: TestContext, ...before: readonly string[]): Promise<Told> {
  const lab = await openLeaseLab(context);
  await lab.ipEach(before);
  const listener = lab.start();
  listener.write("network-go");
  await until(() => listener.lines.includes("network open"));
  return {
    lab,
    listener,
    after: async (...commands) => {
      const start = listener.lines.length;
      await lab.ipEach(commands);
      marks += 1;
      const mark = `192.0.2.${marks}`;
      await lab.ip("address", "add", `${mark}/32`, "dev", "far0");
      await until(() => listener.lines.includes(`network address ${mark}`));
      const told = newsIn(listener.lines.slice(start));
      return [...new Set(told)].filter((line) => !line.endsWith(mark) && line !== "other");
    },
  };
}

function newsIn(lines: readonly string[]): string[] {
  const news = lines.filter((line) => line.startsWith("network ") && !/ fe80:/.test(line));
  return news.map((line) => line.slice("network ".length));
}

it("tells of each kind of change, and of nothing else", async (context) => {
  const { after } = await openTold(context, "address add 198.51.100.11/24 dev lo");

  expect(await after("address add 198.51.100.12/24 dev eth0")).toEqual(["address 198.51.100.12"]);
  expect(await after("address change 198.51.100.12/24 dev eth0 metric 7")).toEqual(["address 198.51.100.12"]);
  expect(await after("address add 198.51.100.61 peer 198.51.100.62/32 dev eth0")).toEqual([
    "address 198.51.100.61",
  ]);
  expect(await after("address del 198.51.100.61 peer 198.51.100.62/32 dev eth0")).toEqual([
    "removed 198.51.100.61",
  ]);
  expect(await after("route add default via 198.51.100.1")).toEqual(["default-route"]);
  expect(await after("route del default")).toEqual(["default-route"]);
  expect(await after("route add blackhole default metric 900")).toEqual(["default-route"]);
  expect(await after("route add unreachable ::/0 metric 900")).toEqual(["default-route"]);
  expect(
    await after("route add default metric 800 nexthop via 198.51.100.1 nexthop via 198.51.100.2"),
  ).toEqual(["default-route"]);
  expect(await after("route add default via 198.51.100.3 table 100")).toEqual([]);
  expect(
    await after("route add 203.0.113.0/24 via 198.51.100.1", "route add unreachable 203.0.113.7"),
  ).toEqual([]);
  expect(await after("neigh add 198.51.100.5 lladdr 02:00:00:00:00:05 dev eth0")).toEqual([]);
  expect(await after("link add br0 type bridge")).toEqual(["link"]);
  expect(await after("link set eth0 master br0")).toContain("link");
  expect(await after("link del br0")).toContain("link");
  expect(await after("address del 198.51.100.12/24 dev eth0")).toContain("removed 198.51.100.12");
});

it("says which address cannot send yet, and when it can", async (context) => {
  const { lab, listener, after } = await openTold(context);
  await lab.run("sysctl", "-q", "net.ipv6.conf.eth0.keep_addr_on_down=1");

  expect(await after("address add 2001:db8::5/64 dev eth0")).toContain("address 2001:db8::5 tentative");
  await until(() => listener.lines.includes("network address 2001:db8::5"));
  // it becomes tentative without a word
  await lab.ipEach(["link set eth0 down", "link set eth0 up"]);
  await until(() => listener.lines.filter((line) => line === "network address 2001:db8::5").length > 1);
});

it("says which address the kernel removed at the end of its lifetime", async (context) => {
  const { lab, listener } = await openTold(context);
  await lab.ipEach(
    [`${V4}/32`, `${V6}/128 nodad`].map((it) => `address add ${it} dev eth0 valid_lft 1 preferred_lft 1`),
  );

  await until(() => [V4, V6].every((it) => listener.lines.includes(`network removed ${it} lapsed`)));
});

it("says nothing of lifetimes that others renew", async (context) => {
  const renew = [`${V4}/32`, `${V6}/128`].map(
    (it) => `address change ${it} dev eth0 valid_lft 600 preferred_lft 300`,
  );
  const { after } = await openTold(context, ...ADD_VIPS);
  const first = await after(...renew);
  const later = await after(...renew, ...renew, ...renew);

  expect(first).toEqual([`address ${V4}`, `address ${V6}`]);
  expect(later).toEqual([]);
});

it("says nothing of the lifetimes that this process renews, and each change beside them", async (context) => {
  const { listener, after } = await openTold(context, ...ADD_VIPS);
  listener.write(...leaseLines(ORDER));
  await until(() => ["lease able 2", "lease able 10"].every((line) => listener.lines.includes(line)));
  await sleep(500);
  const lines = listener.lines.length;
  await sleep(1_500);

  expect(newsIn(listener.lines.slice(lines)).filter((line) => line !== "other")).toEqual([]);
  // the kernel does not even send those of IPv4
  expect(listener.lines).not.toContain(`network address ${V4}`);
  for (let round = 0; round < 20; round += 1) {
    const [gone, back] = [`address del ${V4}/32 dev eth0`, ADD_VIPS[0]!];
    expect(await after(gone)).toEqual([`removed ${V4}`]);
    expect(await after(back)).toEqual([`address ${V4}`]);
    await sleep(round * 13);
  }
});

it("says that announcements were lost, and that each address is new after that", async (context) => {
  const { lab, listener, after } = await openTold(context, ...ADD_VIPS);
  await after(`address change ${V4}/32 dev eth0 valid_lft 600 preferred_lft 300`);
  const noise = Array.from({ length: 6_000 }, (_, n) => `route add 203.${n >> 8}.${n & 255}.0/24 dev eth0`);
  listener.signal("SIGSTOP");
  await lab.ipEach(noise);
  listener.signal("SIGCONT");
  await until(() => listener.lines.includes("network lost"));

  expect(await after(`address change ${V4}/32 dev eth0 valid_lft 600 preferred_lft 300`)).toEqual([
    `address ${V4}`,
  ]);
});

it("tells all of what came at once, however late the agent reads it", async (context) => {
  // each write to the agent takes room for a whole packet: there is room for some 70
  const addresses = Array.from({ length: 200 }, (_, n) => `198.51.100.${n + 1}`);
  const { lab, listener } = await openTold(
    context,
    ...addresses.map((it) => `address add ${it}/32 dev eth0`),
  );
  listener.signal("SIGSTOP");
  await lab.ipEach(addresses.map((it) => `address del ${it}/32 dev eth0`));
  listener.signal("SIGCONT");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500); // this process reads nothing meanwhile
  await until(() => addresses.every((it) => listener.lines.includes(`network removed ${it}`)));

  expect(listener.lines).not.toContain("network lost");
});

it("tells all of what came little by little, once the agent has room for it again", async (context) => {
  const addresses = Array.from({ length: 150 }, (_, n) => `198.51.100.${n + 1}`);
  const { lab, listener } = await openTold(
    context,
    ...addresses.map((it) => `address add ${it}/32 dev eth0`),
  );
  const folder = await mkdtemp(path.join(tmpdir(), "rk-told-"));
  context.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const mark = path.join(folder, "done");
  const removals = addresses.map((it) => `ip address del ${it}/32 dev eth0`);
  const removed = lab.run("sh", "-c", `${removals.join("\n")}\n: > ${mark}`);
  // this process reads nothing meanwhile
  while (!existsSync(mark)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  await removed;
  await until(() => addresses.every((it) => listener.lines.includes(`network removed ${it}`)));

  expect(listener.lines).not.toContain("network lost");
});

it("has the listener open its sockets anew on an interface that was replaced", async (context) => {
  const { lab, listener } = await openTold(context);
  const lines = (start: string) => listener.lines.filter((line) => line.startsWith(start)).length;
  const make = ["link add late0 type veth peer name late1", "link set late0 up", "link set late1 up"];
  listener.write(`tap late0 ${0x0806} others 6,0,0,65535`, "go 1 0");
  await until(() => lines("ready 1 ") === 1);
  await lab.ipEach(make);
  await until(() => lines("open late0") === 1);

  await lab.ipEach(["link delete late0", ...make, "address add 198.51.100.11/24 dev late1"]);
  for (let asked = 0; lines("heard ") === 0; asked++) {
    expect(asked).toBeLessThan(20);
    await lab.run("ping", "-c", "1", "-W", "1", "-I", "late1", "198.51.100.12").catch(() => undefined);
  }

  const shut = lines("shut late0");
  await lab.ipEach(["link delete late0"]);
  await until(() => lines("shut late0") > shut);
});
