import { PassThrough } from "node:stream";
import { pino } from "pino";
import { expect, it } from "vitest";
import { openOwnerProbe } from "../../../src/owner-probe/io/owner-probe.ts";
import type { OwnerProbeStatus } from "../../../src/owner-probe/status.ts";
import { INSTANCE } from "../../fixtures/desired.ts";

const LINKS = new Map([["eth0", { mac: "02:00:00:00:00:11", linkLocal: undefined, gateways: [] }]]);
const GROUP = { instance: INSTANCE, places: new Map([["198.51.100.12", 0]]) };

function open(seconds: number | undefined) {
  const statuses: OwnerProbeStatus[] = [];
  const taken: unknown[] = [];
  const input = new PassThrough();
  const probe = openOwnerProbe({
    seconds,
    onStatus: (status) => statuses.push(status),
    onTakeover: (...takeover) => taken.push(takeover),
    log: pino({ level: "silent" }),
  });
  probe.companion.onStart(input, () => undefined);
  const told = (): string => String(input.read() ?? "");
  return { probe, told, taken, status: () => statuses.at(-1) };
}

it("tells a listener that starts later, and tells nothing twice", () => {
  const { probe, told } = open(0.05);
  told();
  probe.setGroups(["main"], [GROUP], LINKS);
  const first = told();
  probe.setGroups(["main"], [GROUP], LINKS);
  expect(told()).toBe("");
  probe.companion.onEnd();
  const next = new PassThrough();
  probe.companion.onStart(next, () => undefined);

  expect(first).toMatch(/^probe-tap .*\nprobe-go 0.05\n$/s);
  expect(String(next.read())).toBe(first);
});

it("counts takeovers, and forgets those of groups that are gone", () => {
  const { probe, taken, status } = open(0.05);
  probe.setGroups(["main"], [GROUP], LINKS);
  probe.companion.onLine("ready eth0/ipv4/50 c633640c");
  expect(status()?.groups).toEqual([{ group: "main", isReady: true, takeovers: 0 }]);
  probe.companion.onLine("took eth0/ipv4/50 c633640c 5 51 271 0");
  probe.setGroups(["main"], [], LINKS);

  expect(status()?.groups).toEqual([{ group: "main", isReady: false, takeovers: 1 }]);
  expect(taken).toEqual([
    [
      "main",
      { owner: "198.51.100.12", questions: 5, windowMs: 51, silenceMs: 271, hasAnsweredForItself: false },
    ],
  ]);
  probe.setGroups(["other"], [], LINKS);
  expect(status()?.groups).toEqual([{ group: "other", isReady: false, takeovers: 0 }]);
});

it("counts a takeover that is told after keepalived has said that it is the owner", () => {
  const { probe, taken, status } = open(0.05);
  probe.setGroups(["main"], [GROUP], LINKS);
  probe.setGroups(["main"], [], LINKS); // the agent has read keepalived's state
  probe.companion.onLine("took eth0/ipv4/50 c633640c 5 51 271 0");
  probe.companion.onLine("ready eth0/ipv4/50 c633640c"); // of the plan before

  expect(status()?.groups).toEqual([{ group: "main", isReady: false, takeovers: 1 }]);
  expect(taken).toHaveLength(1);
});

it("asks nobody with `off`", () => {
  const { probe, told, status } = open(undefined);
  probe.setGroups(["main"], [GROUP], LINKS);

  expect(told()).toBe("");
  expect(status()).toEqual({ seconds: undefined, groups: [] });
});
