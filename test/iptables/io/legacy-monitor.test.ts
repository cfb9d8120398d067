import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HOOK } from "../../fixtures/nat-saves.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { gone, type NatLab, openNatLab, type Reading } from "./nat-lab.ts";

const ruleFor = (port: number, target = "10.42.1.1:80") =>
  `-A CATTLE_PREROUTING -p tcp -m tcp --dport ${port} -j DNAT --to-destination ${target}`;
const FLUSH = "-F CATTLE_PREROUTING";
/** More than the program compares, which a listing finds. */
const MANY = Array.from({ length: 2_000 }, (_, index) => ruleFor(index + 1_000));

let lab: NatLab;
beforeEach(async () => {
  lab = await openNatLab();
  await lab.restore("legacy", [":CATTLE_PREROUTING - [0:0]", HOOK, ruleFor(80), ruleFor(81)]);
});
afterEach(() => lab.remove());

const isTold = async (reading: Reading) => (await reading.read()).isLegacyTold;
const rulesIn = async (reading: Reading): Promise<string> => {
  const { legacy } = (await reading.read()).reads;
  return legacy.kind === "table" ? legacy.text : legacy.kind;
};

async function startTold(): Promise<Reading> {
  const reading = await lab.start({ backend: "legacy", withEvents: true });
  await expect.poll(() => isTold(reading)).toBe(true);
  await reading.read(); // begins after the program's first word
  reading.ignoreChanges();
  return reading;
}

const iptables = (...args: readonly string[]) => lab.run("iptables-legacy", ...args);

describe("a change of legacy's rules is told, and read at once:", () => {
  it.each([
    { change: "a new rule", lines: [ruleFor(82)], want: ruleFor(82) },
    { change: "a rule less", lines: [ruleFor(81).replace("-A", "-D")], gone: ruleFor(81) },
    { change: "one restore that flushes and adds", lines: [FLUSH, ruleFor(90)], want: ruleFor(90) },
    { change: "a restore that leaves the chain empty", lines: [FLUSH], gone: ruleFor(80) },
    {
      change: "rules of equal size",
      lines: [FLUSH, ruleFor(80, "10.42.1.2:80"), ruleFor(81)],
      want: ruleFor(80, "10.42.1.2:80"),
    },
  ])("$change", async ({ lines, want = "", gone: lost = "no such rule" }) => {
    const reading = await startTold();
    await lab.restore("legacy", lines);
    await reading.changed();

    const rules = await rulesIn(reading);
    expect(rules).toContain(want);
    expect(rules).not.toContain(lost);
  });

  it("a table that is new, and one of IPv6", async () => {
    const reading = await startTold();
    await iptables("-t", "raw", "-A", "PREROUTING", "-j", "MARK", "--set-mark", "7");
    await reading.changed();
    expect((await reading.read()).reads.earlier?.map(({ name }) => name)).toEqual(["raw"]);

    reading.ignoreChanges();
    await lab.restore("legacy", [FLUSH.replace("-F", ":").replace("PREROUTING", "X - [0:0]")], "ipv6");
    await reading.changed();
  });

  it("rules of equal size, one after the other", async () => {
    const reading = await startTold();
    for (const port of [90, 91, 92]) {
      await lab.restore("legacy", [FLUSH, ruleFor(port)]);
      await reading.changed();
      expect(await rulesIn(reading)).toContain(ruleFor(port));
    }
  });
});

it("packets that are counted are no change", async () => {
  await lab.run("ip", "link", "set", "lo", "up");
  const reading = await startTold();
  await lab.run("ping", "-c", "1", "127.0.0.1");
  expect(await iptables("-t", "nat", "-nvxL", "OUTPUT")).toMatch(/policy ACCEPT [1-9]/);
  const isChanged = await Promise.race([reading.changed().then(() => true), sleep(1_000, false)]);

  expect(isChanged).toBe(false);
});

it("a table that is not there is not created, however often the tables are polled", async () => {
  const reading = await startTold();
  await lab.restore("legacy", [ruleFor(82)]);
  await reading.changed();

  expect(await lab.run("cat", "/proc/net/ip_tables_names")).toBe("nat");
  expect(await lab.run("cat", "/proc/net/ip6_tables_names")).toBe("");
});

it("rules of equal size in a table too large to compare are found by a listing", async () => {
  await lab.restore("legacy", MANY);
  const reading = await startTold();
  await sleep(1_500); // so long after a change, each read lists
  await iptables("-t", "nat", "-R", "CATTLE_PREROUTING", "1", ...ruleFor(99).split(" ").slice(2));

  await expect.poll(() => rulesIn(reading)).toContain(ruleFor(99));
  await expect.poll(() => isTold(reading)).toBe(true);
});

it("and at once, by a read that is asked to list them", async () => {
  await lab.restore("legacy", MANY);
  const reading = await startTold();
  await sleep(1_500);
  await iptables("-t", "nat", "-R", "CATTLE_PREROUTING", "1", ...ruleFor(99).split(" ").slice(2));

  const { reads, isLegacyTold } = await reading.readInvalidated();
  expect(reads.legacy).toMatchObject({ text: expect.stringContaining(ruleFor(99)) });
  expect(isLegacyTold).toBe(true);
});

describe("changes are not told, and rules are read at each call:", () => {
  it("Perl is missing", async () => {
    await lab.hide("perl");
    const reading = await lab.start({ backend: "legacy", withEvents: true });
    await reading.read();
    await lab.restore("legacy", [ruleFor(82)]);

    expect(await rulesIn(reading)).toContain(ruleFor(82));
    expect(await isTold(reading)).toBe(false);
  });

  it("the kernel refuses, and is not asked again", async () => {
    const perl = await lab.run("which", "perl");
    const withoutPermission = "setpriv --bounding-set=-net_admin --inh-caps=-net_admin";
    await lab.standIn("perl", `echo >>"$0.starts"; exec ${withoutPermission} ${perl} "$@"`);
    const reading = await lab.start({ backend: "legacy", withEvents: true });
    await reading.read();
    await expect.poll(() => lab.startsOf("perl")).toBe(1);
    await sleep(2_000); // a program that ends is started again after 1 s

    expect(await lab.startsOf("perl")).toBe(1);
    expect(await isTold(reading)).toBe(false);
  });

  it("the program was killed, until the next one runs", async () => {
    const reading = await startTold();
    const program = (await reading.children()).get("perl");
    sendSignal(program!, "SIGKILL");
    await gone(program!);

    const next = async () => (await reading.children()).get("perl") ?? program;
    await expect.poll(next).not.toBe(program);
    await expect.poll(() => isTold(reading)).toBe(true);
    reading.ignoreChanges();
    await lab.restore("legacy", [ruleFor(82)]);
    await reading.changed();
  });

  it("the program is frozen, from the next listing until it runs again", async () => {
    const reading = await startTold();
    const program = (await reading.children()).get("perl");
    sendSignal(program!, "SIGSTOP");
    await lab.restore("legacy", [ruleFor(82)]);
    await expect.poll(() => rulesIn(reading)).toContain(ruleFor(82));
    expect(await isTold(reading)).toBe(false);

    sendSignal(program!, "SIGCONT");
    await expect.poll(() => isTold(reading)).toBe(true);
  });
});
