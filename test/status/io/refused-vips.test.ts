import pino from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { AgentError } from "../../../src/errors.ts";
import { createRefusedVips } from "../../../src/status/io/refused-vips.ts";

const VIP = { group: "main", interface: "eth0", address: "2001:db8::50", prefix: 128 };
const ETH0 = "net.ipv6.conf.eth0.disable_ipv6";
const REASON = `group main: 2001:db8::50 is not on eth0: IPv6 is off on eth0 (${ETH0} is 1)`;

let stop: AbortController;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

/** A kernel whose IPv6 is off or on, and a keepalived that puts a VIP there at a reload, or does not. */
function stage({ isOff = false, helps = "reload" as "reload" | "hand" | "nothing" } = {}) {
  stop = new AbortController();
  const world = { isOff, isThere: false };
  const events: string[] = [];
  let problems: string[] = [];
  const holds = new Map<string, string>();
  const refusedVips = createRefusedVips({
    report: {
      ok: () => undefined,
      problem: () => undefined,
      problems: (errors) => {
        problems = errors.map((error) => (error as AgentError).message);
      },
    },
    reload: async () => {
      events.push("reload");
      world.isThere ||= helps === "reload";
    },
    restore: async () => {
      events.push("restore");
      world.isThere ||= helps === "hand";
      return helps === "nothing" ? "RTNETLINK answers: Permission denied" : undefined;
    },
    isThere: async () => world.isThere,
    setHold: (group, reason) => {
      if (reason === undefined) holds.delete(group);
      else holds.set(group, reason);
    },
    sysctl: (name) => (name === ETH0 && world.isOff ? 1 : 0),
    log: pino({ level: "silent" }),
    signal: stop.signal,
  });
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      await refusedVips.repair(world.isThere ? [] : [VIP]);
      await vi.advanceTimersByTimeAsync(1_000);
    }
  };
  return { world, events, refusedVips, pass, holds, problems: () => problems };
}

it("has keepalived add what the kernel refused before, and adds nothing itself", async () => {
  const { events, pass, problems } = stage();
  await pass(10);
  expect({ events, problems: problems() }).toEqual({ events: ["reload"], problems: [] });
});

it("adds by hand what keepalived believes to be there", async () => {
  const { events, pass, problems } = stage({ helps: "hand" });
  await pass(10);
  expect({ events, problems: problems() }).toEqual({ events: ["reload", "restore"], problems: [] });
});

it("names the kernel's word, and tries with growing pauses", async () => {
  const { events, pass, problems } = stage({ helps: "nothing" });
  await pass(30);
  expect(events.filter((event) => event === "restore")).toHaveLength(3);
  expect(problems()).toEqual([
    "group main: 2001:db8::50 is not on eth0: the kernel refuses it: RTNETLINK answers: Permission denied",
  ]);
});

it("touches nothing while a setting refuses the VIP, names it, and tries at once when it is changed", async () => {
  const { world, events, pass, problems, refusedVips } = stage({ isOff: true });
  await pass(10);
  expect({ events, problems: problems() }).toEqual({ events: [], problems: [REASON] });

  world.isOff = false;
  refusedVips.retry();
  await pass(2);
  expect({ events, problems: problems() }).toEqual({ events: ["reload"], problems: [] });
});

it("holds a group whose first VIP is refused, longer each time, and ends the hold when the setting changes", async () => {
  const { world, holds, problems, refusedVips } = stage({ isOff: true });
  refusedVips.hold("main", VIP);
  expect([...holds.values(), ...problems()]).toEqual([REASON, REASON]);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(holds.size).toBe(1);

  world.isOff = false;
  refusedVips.retry();
  expect([...holds.values(), ...problems()]).toEqual([]);

  refusedVips.hold("main", VIP);
  refusedVips.retry(); // no setting refused it, so an event of the network changes nothing
  await vi.advanceTimersByTimeAsync(59_000);
  expect(holds.size).toBe(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(holds.size).toBe(0);
});

it("forgets a group that is removed, however long its VIP is refused", async () => {
  const { world, holds, problems, refusedVips, pass } = stage({ isOff: true });
  refusedVips.hold("main", VIP);
  await pass(10);
  refusedVips.setInForce({ groups: new Set(["web"]) });
  expect([...holds.values(), ...problems()]).toEqual([]);
  await vi.advanceTimersByTimeAsync(600_000);
  expect([...holds.values(), ...problems()]).toEqual([]);

  // a later group of the same name begins with the shortest hold
  world.isOff = false;
  refusedVips.hold("main", VIP);
  refusedVips.setInForce({ groups: new Set(["main"]) });
  await vi.advanceTimersByTimeAsync(29_000);
  expect(holds.size).toBe(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(holds.size).toBe(0);
});
