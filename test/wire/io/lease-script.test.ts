import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { leaseLines } from "../../../src/lease/leased-vip.ts";
import { LISTENER_SCRIPT } from "../../../src/wire/io/listener-script.ts";
import { type LeaseLab, openLeaseLab, until } from "./lease-lab.ts";

const V4 = "203.0.113.100";
const V6 = "2001:db8::100";
const VIPS = [V4, V6].map((address) => ({ interface: "eth0", address }));
const FOREVER = 4_294_967_295;
const ORDER = { vips: VIPS, seconds: 1, mayAdopt: true, pidFile: "/nonexistent/vrrp.pid" };
/** In which a VIP of 1 s would be gone twice if nothing renewed it. */
const TWICE_MS = 2_500;

async function addVips({ ip }: LeaseLab): Promise<void> {
  await ip(..."address add 203.0.113.100/32 dev eth0 label eth0:vip noprefixroute metric 77".split(" "));
  await ip(..."address add 2001:db8::100/128 dev eth0 nodad preferred_lft 0".split(" "));
}

async function lifetimes({ find }: LeaseLab): Promise<unknown[]> {
  const found = await Promise.all(VIPS.map(({ address }) => find(address)));
  return found.map((shown) => shown?.["valid_life_time"]);
}

const have = async (lab: LeaseLab, seconds: number) => {
  await until(async () => (await lifetimes(lab)).every((valid) => valid === seconds));
};
const gone = (lab: LeaseLab) =>
  until(async () => (await lifetimes(lab)).every((valid) => valid === undefined));

describe.concurrent("the renewer", () => {
  it("gives VIPs a lifetime, and leaves all else of them as it was", async (context) => {
    const lab = await openLeaseLab(context);
    await addVips(lab);
    const before = await Promise.all(VIPS.map(({ address }) => lab.find(address)));
    const renewer = lab.start();
    renewer.write(...leaseLines(ORDER));
    await have(lab, 1);
    await sleep(TWICE_MS);
    const after = await Promise.all(VIPS.map(({ address }) => lab.find(address)));

    expect(after[0]).toEqual({ ...before[0], dynamic: true, valid_life_time: 1, preferred_life_time: 1 });
    expect(after[1]).toEqual({ ...before[1], dynamic: true, autojoin: true, valid_life_time: 1 });
    expect(renewer.lines.toSorted()).toEqual(["lease able 10", "lease able 2"]);
    expect(await lab.find("127.108.101.97", "lo")).toBeUndefined();
  });

  it("the kernel removes VIPs that nothing renews any more", async (context) => {
    const lab = await openLeaseLab(context);
    await addVips(lab);
    const renewer = lab.start();
    renewer.write(...leaseLines(ORDER));
    await have(lab, 1);
    await renewer.kill();

    await gone(lab);
  });

  it("finds VIPs that come later, and renews them after a restart of its own", async (context) => {
    const lab = await openLeaseLab(context);
    const renewer = lab.start();
    renewer.write(...leaseLines(ORDER));
    await addVips(lab);
    await have(lab, 1);
    await renewer.kill();
    const next = lab.start();
    // VIPs without a lifetime get none, but those that have one keep it
    next.write(...leaseLines({ ...ORDER, mayAdopt: false }));
    await sleep(TWICE_MS);

    expect(await lifetimes(lab)).toEqual([1, 1]);
  });

  it("leaves a VIP without a lifetime alone where it may not give it one", async (context) => {
    const lab = await openLeaseLab(context);
    await addVips(lab);
    const renewer = lab.start();
    renewer.write(...leaseLines({ ...ORDER, mayAdopt: false }));
    await until(() => renewer.lines.length === 2);
    await sleep(TWICE_MS);

    expect(await lifetimes(lab)).toEqual([FOREVER, FOREVER]);
  });

  it("leaves the same address on another interface alone", async (context) => {
    const lab = await openLeaseLab(context);
    await lab.ip("address", "add", `${V4}/32`, "dev", "far0");
    const renewer = lab.start();
    renewer.write(...leaseLines(ORDER));
    await until(() => renewer.lines.length === 2);
    await sleep(1_500);

    expect((await lab.find(V4, "far0"))?.["valid_life_time"]).toBe(FOREVER);
  });

  it("never brings back a VIP that was released, however often it is renewed", async (context) => {
    const lab = await openLeaseLab(context);
    const renewer = lab.start();
    const renewals = setInterval(() => renewer.write(...leaseLines(ORDER)), 1);
    context.onTestFinished(() => clearInterval(renewals));
    const back: unknown[] = [];
    for (let round = 0; round < 60; round += 1) {
      await addVips(lab);
      await have(lab, 1);
      await lab.ip("address", "del", `${V4}/32`, "dev", "eth0");
      await lab.ip("address", "del", `${V6}/128`, "dev", "eth0");
      await sleep(20);
      back.push(...(await lifetimes(lab)).filter((valid) => valid !== undefined));
    }

    expect(back).toEqual([]);
  });

  it("does without a lease where the kernel would add an absent address, and leaves nothing on lo", async (context) => {
    const lab = await openLeaseLab(context);
    await addVips(lab);
    // an old kernel does not know the flag
    const renewer = lab.start(
      LISTENER_SCRIPT.replace(
        "$IFA_F_MCAUTOJOIN) = (0x1, 0x100, 0x300, 0x400)",
        "$IFA_F_MCAUTOJOIN) = (0x1, 0x100, 0x300, 0)",
      ),
    );
    renewer.write(...leaseLines(ORDER));
    await until(() => renewer.lines.length === 2);
    await sleep(1_500);

    expect(renewer.lines.toSorted()).toEqual([
      "lease unable 10 the kernel adds an absent address",
      "lease unable 2 the kernel adds an absent address",
    ]);
    expect(await lifetimes(lab)).toEqual([FOREVER, FOREVER]);
    expect(await lab.find("127.108.101.97", "lo")).toBeUndefined();
    expect(await lab.find("100::6c65:6173:65", "lo")).toBeUndefined();
  });

  it("renews nothing once the agent has been silent for 6 s", async (context) => {
    const lab = await openLeaseLab(context);
    await addVips(lab);
    const renewer = lab.start();
    renewer.write(...leaseLines(ORDER));
    await have(lab, 1);
    renewer.silence();
    const startMs = performance.now();
    await gone(lab);

    // the last beat may have been a second ago
    expect(performance.now() - startMs).toBeGreaterThan(5_500);
  });

  it.for([
    { what: "is stopped", signal: "SIGSTOP" },
    { what: "is gone", signal: "SIGKILL" },
  ] as const)("renews nothing once keepalived $what", async ({ signal }, context) => {
    const { onTestFinished } = context;
    const folder = mkdtempSync(path.join(tmpdir(), "lease with a space "));
    onTestFinished(() => rmSync(folder, { recursive: true, maxRetries: 20 }));
    const keepalived = spawn("sleep", ["60"]);
    onTestFinished(() => void keepalived.kill("SIGKILL"));
    const pidFile = path.join(folder, "vrrp.pid");
    writeFileSync(pidFile, `${keepalived.pid}\n`);
    const lab = await openLeaseLab(context);
    await addVips(lab);
    const renewer = lab.start();
    renewer.write(...leaseLines({ ...ORDER, pidFile }));
    await have(lab, 1);
    await sleep(TWICE_MS);
    expect(await lifetimes(lab)).toEqual([1, 1]);
    keepalived.kill(signal);

    await gone(lab);
  });

  it("renews 300 VIPs at once", async (context) => {
    const lab = await openLeaseLab(context);
    const vips = Array.from({ length: 300 }, (_, n) => ({
      interface: "eth0",
      address: `203.0.${113 + (n >> 8)}.${n & 255}`,
    }));
    await lab.ipEach(vips.map(({ address }) => `address add ${address}/32 dev eth0`));
    const renewer = lab.start();
    renewer.write(...leaseLines({ ...ORDER, vips }));
    await until(async () => (await lab.find(vips[299]!.address))?.["valid_life_time"] === 1);
    await sleep(TWICE_MS);
    const left = await Promise.all([0, 150, 299].map((n) => lab.find(vips[n]!.address)));

    expect(left.map((shown) => shown?.["valid_life_time"])).toEqual([1, 1, 1]);
  });
});
