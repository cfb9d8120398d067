/**
 * What the listener concludes of an owner that is late, slow, half deaf or gone. Its own text runs, with a clock and a network
 * that owner-probe-clock.pl makes: no load and no chance decides.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { LISTENER_PARTS } from "../../../src/wire/listener-parts.ts";

const SOURCES = path.join(import.meta.dirname, "../../../src/wire");
const PARTS = LISTENER_PARTS.filter((name) => name.startsWith("owner-probe"));
const SCRIPT = [
  ...PARTS.map((name) => path.join(SOURCES, name)),
  path.join(import.meta.dirname, "owner-probe-clock.pl"),
]
  .map((file) => readFileSync(file, "utf8"))
  .join("");

/** Options of owner-probe-clock.pl. */
type Fault = Readonly<Record<string, number>>;

interface Outcome {
  /** Whether the owner would have been asked as the fault began. */
  readonly isReady: boolean;
  /** Seconds from the owner's last advert to the last takeover; undefined where this host took no group over. */
  readonly tookAfter: number | undefined;
  readonly groups: number;
}

async function play(fault: Fault): Promise<Outcome> {
  const { stdout, stderr } = await execa("perl", [
    "-we",
    SCRIPT,
    ...Object.entries(fault).map(([name, value]) => `${name}=${value}`),
  ]);
  expect(stderr).toBe("");
  const [, after, groups = "0"] = /^took (\S+) (\d+)$/m.exec(stdout) ?? [];
  const tookAfter = after === undefined ? undefined : Number(after);
  return { isReady: /^ready$/m.test(stdout), tookAfter, groups: Number(groups) };
}

const range = (from: number, to: number, step: number) =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, index) => from + index * step);

it.each<{ readonly what: string; readonly fault: Fault; readonly after: number }>([
  { what: "a host that is dead", fault: { dead: 1 }, after: 0.245 },
  { what: "a host with 50 VIPs that is dead", fault: { dead: 1, groups: 50 }, after: 0.245 },
  { what: "a container that is killed, after a second window", fault: { container: 1 }, after: 0.285 },
  { what: "a container with 50 VIPs that is killed", fault: { container: 1, groups: 50 }, after: 0.285 },
  {
    what: "an owner of three intervals, as all hosts have just started",
    fault: { calm: 0.7, dead: 1 },
    after: 0.245,
  },
  {
    what: "a host that is dead, as are six others that showed that this host was not cut off",
    fault: { dead: 1, others: 6 },
    after: 0.245,
  },
  // 4 ms before the first question, and 8 in the window
  {
    what: "a host that is dead, though each turn is 4 ms late",
    fault: { dead: 1, wakes: 0.004 },
    after: 0.257,
  },
])("takes over from $what", async ({ fault, after }) => {
  const { isReady, tookAfter, groups } = await play(fault);

  expect(isReady).toBe(true);
  expect(groups).toBe(fault["groups"] ?? 1);
  expect(tookAfter).toBeCloseTo(after, 2);
});

it.each<{ readonly what: string; readonly faults: readonly Fault[]; readonly isReady: boolean }>([
  { what: "its advert alone is late", faults: [{ late: 0.06 }, { late: 0.19 }], isReady: true },
  {
    what: "it answers more slowly than the last rounds need",
    faults: [{ late: 0.06, answers: 0.06 }],
    isReady: false,
  },
  {
    what: "it has answered no more for the VIP for a while",
    faults: [{ late: 0.1, deafSince: 60 }],
    isReady: true,
  },
  {
    what: "it answers nobody for the VIP, is late, and adverts come in the name of a dead member",
    faults: [0.1, 0.2, 0.3, 0.39].flatMap((late) =>
      range(1, 3, 1).map((forged) => ({ calm: 5, late, forged, deafSince: 0 })),
    ),
    isReady: true,
  },
  {
    what: "it answers nobody for the VIP, and announces it",
    faults: [{ late: 0.1, announces: 1 }],
    isReady: true,
  },
  {
    what: "all that comes to this host is late for longer than the window",
    faults: [0.05, 0.06, 0.1, 0.15].map((slow) => ({ calm: 5, slow, late: slow })),
    isReady: true,
  },
  {
    what: "it has 11 VIPs, and a third of its answers is lost",
    faults: range(1, 10, 1).map((seed) => ({ calm: 5, late: 0.1, groups: 11, loss: 0.3, seed })),
    isReady: true,
  },
  {
    what: "this host's cable is back just before the window ends, and the gateway answers sooner",
    faults: range(0.02, 0.044, 0.002).map((cut) => ({ calm: 5, late: 0.1, cut, answers: 0.011 })),
    isReady: true,
  },
])("leaves an owner alone where $what", async ({ faults, isReady }) => {
  const outcomes = await Promise.all(faults.map(play));

  expect(outcomes).toEqual(faults.map(() => ({ isReady, tookAfter: undefined, groups: 0 })));
});
