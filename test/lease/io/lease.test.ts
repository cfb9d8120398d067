import { PassThrough } from "node:stream";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { openLease } from "../../../src/lease/io/lease.ts";
import type { LeaseStatus } from "../../../src/lease/status.ts";
import { INSTANCE } from "../../fixtures/desired.ts";

const VIP = { interface: INSTANCE.interface, address: INSTANCE.firstVip.address };
const QUESTION_MS = 10_000;
const LATE_MS = 3_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function open(seconds: number | "off" = 1) {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const problems: string[] = [];
  const statuses: LeaseStatus[] = [];
  let doubts = 0;
  let ends = 0;
  let written = "";
  const lease = openLease({
    seconds: seconds === "off" ? undefined : seconds,
    pidFile: "/run/vrrp.pid",
    onStatus: (status) => statuses.push(status),
    onDoubt: () => {
      doubts += 1;
    },
    report: {
      problem: (error) => problems.push(String(error)),
      problems: () => undefined,
      ok: () => problems.splice(0),
    },
    log: pino({ level: "silent" }),
    signal: stop.signal,
  });
  return {
    lease,
    problems,
    get status() {
      return statuses.at(-1);
    },
    get doubts() {
      return doubts;
    },
    get ends() {
      return ends;
    },
    /** What the listener has been told since the last call. */
    told: () => {
      const text = written;
      written = "";
      return text;
    },
    start: () => {
      const input = new PassThrough();
      input.on("data", (text) => {
        written += text;
      });
      lease.companion.onStart(input, () => {
        ends += 1;
      });
    },
  };
}

it("tells each listener the VIPs that it renews, and beats", async () => {
  const one = open();
  one.lease.setInstances([INSTANCE]);
  one.start();
  await vi.advanceTimersByTimeAsync(3_000);

  expect(one.told()).toMatch(
    /^lease-vip \S+ 2 [0-9a-f]{8}\n(lease-vip .*\n)*lease-go 1 1 \/run\/vrrp.pid\n(beat\n){3}$/,
  );
  expect(one.status?.state).toBe("starting");
  one.lease.companion.onLine("able 2");
  one.lease.companion.onLine("able 10");
  expect(one.status).toEqual({ seconds: 1, state: "renewed", reason: undefined });
});

it("gives no VIP a lifetime while the listener keeps ending, until it has run for a minute", async () => {
  const one = open();
  one.lease.setInstances([INSTANCE]);
  for (let round = 0; round < 2; round += 1) {
    one.start();
    one.lease.companion.onLine("able 2");
    one.lease.companion.onLine("able 10");
    expect(one.status?.state).toBe("renewed");
    one.lease.companion.onEnd();
    expect(one.status?.state).toBe("unavailable");
  }
  one.told();
  one.start();
  await vi.advanceTimersByTimeAsync(10);
  expect(one.told()).toContain("lease-go 1 0 ");
  one.lease.companion.onLine("able 2");
  one.lease.companion.onLine("able 10");
  expect(one.status?.reason).toContain("several times within a minute");

  for (let second = 0; second < 60; second += 1) {
    await vi.advanceTimersByTimeAsync(1_000);
    one.lease.companion.onLine("alive");
  }
  expect(one.told()).toContain("lease-go 1 1 ");
  expect(one.status?.state).toBe("renewed");
});

it("replaces a listener that does not answer, and no other", async () => {
  const one = open();
  one.start();
  await vi.advanceTimersByTimeAsync(QUESTION_MS);
  expect(one.told()).toContain("beat ask\n");
  one.lease.companion.onLine("alive");
  await vi.advanceTimersByTimeAsync(QUESTION_MS);
  expect(one.ends).toBe(0);
  await vi.advanceTimersByTimeAsync(QUESTION_MS);

  expect(one.ends).toBe(1);
});

it("reports a VIP that stays without a lifetime, and asks to look again before", async () => {
  const one = open();
  one.lease.setInstances([INSTANCE]);
  one.start();
  one.lease.companion.onLine("able 2");
  one.lease.companion.onLine("able 10");
  const bare = [{ ...VIP, hasLifetime: false }];
  one.lease.judge(bare);
  expect(one.problems).toEqual([]);
  await vi.advanceTimersByTimeAsync(LATE_MS);
  expect(one.doubts).toBe(1);
  one.lease.judge(bare);

  expect(one.problems.join()).toContain(`no lifetime on ${VIP.address} on ${VIP.interface}, although`);
  one.lease.judge([{ ...VIP, hasLifetime: true }]);
  expect(one.problems).toEqual([]);
});

it.each([
  { what: "on another interface", vip: { ...VIP, interface: "eth9" } },
  { what: "of somebody else", vip: { ...VIP, address: "192.0.2.77" } },
])("reports no address $what", async ({ vip }) => {
  const one = open();
  one.lease.setInstances([INSTANCE]);
  one.start();
  one.lease.companion.onLine("able 2");
  one.lease.companion.onLine("able 10");
  one.lease.judge([{ ...vip, hasLifetime: false }]);
  await vi.advanceTimersByTimeAsync(LATE_MS);
  one.lease.judge([{ ...vip, hasLifetime: false }]);

  expect(one.problems).toEqual([]);
});

it("does nothing where it is off", () => {
  const one = open("off");
  one.start();
  one.lease.setInstances([INSTANCE]);

  expect(one.status).toEqual({ seconds: undefined, state: "off", reason: undefined });
  expect(one.told()).toBe("");
});
