import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { type GateLab, openGateLab, type RunningGate } from "./gate-lab.ts";

const UP = ["arp gate", "arp owner", "ip6 gate", "ip6 owner"];
const SILENT = ["arp gate", "ip6 gate"];
const POLL = { interval: 20 };
const BROKEN = "echo 'nft is broken' >&2; exit 1";
const VIPS = "vips 198.51.100.100 2001:db8::100";

/** A gate that is up for one VIP of each family. */
async function openGate(): Promise<{ readonly lab: GateLab; readonly gate: RunningGate }> {
  const lab = await openGateLab(onTestFinished);
  const gate = lab.start();
  await gate.tell(VIPS);
  await gate.tell("open");
  await gate.untilPhase("on");
  return { lab, gate };
}

/** nft breaks, and the one that keeps the tag ends. */
async function breakNft(lab: GateLab): Promise<void> {
  await lab.standIn("nft", BROKEN);
  for (const pid of await lab.keepers()) sendSignal(pid, "SIGKILL");
}

it("is up once it was opened, and gone once it was closed", async () => {
  const { lab, gate } = await openGate();

  expect(await lab.tables()).toEqual(UP);
  expect(gate.hold).toBe(null);

  await gate.tell("close");
  await gate.ended;
  expect([await lab.tables(), await lab.keepers()]).toEqual([[], []]);
});

it("sets its tag when it is prepared, and is up only once it was opened", async () => {
  const lab = await openGateLab(onTestFinished);
  const gate = lab.start();
  await gate.tell(VIPS);
  await gate.tell("prepare");
  await expect.poll(() => lab.tables(), POLL).toEqual(["arp owner", "ip6 owner"]);
  await gate.tell("open");

  expect(await lab.tables()).toEqual(UP);
});

it("leaves nothing where it was prepared and never opened", async () => {
  const lab = await openGateLab(onTestFinished);
  const gate = lab.start();
  await gate.tell("prepare");
  await gate.tell("close");
  await gate.ended;

  expect([await lab.tables(), await lab.keepers()]).toEqual([[], []]);
});

it("runs no nft but the one that keeps the tag, once it is up", async () => {
  const lab = await openGateLab(onTestFinished);
  const nft = await lab.run("which", "nft");
  await lab.standIn("nft", `echo >>"$0.starts"; exec ${nft} "$@"`);
  const gate = lab.start();
  await gate.tell(VIPS);
  await gate.tell("open");
  await gate.untilPhase("on");
  await sleep(3_000);

  // 2 probes, 1 that keeps the tag, 1 that writes, 2 that list; its own events are looked at a few times
  expect(await lab.startsOf("nft")).toBeLessThan(15);
});

it("names the VIPs of now", async () => {
  const { lab, gate } = await openGate();
  await gate.tell("vips 198.51.100.101 198.51.100.102");
  await expect.poll(() => lab.tables(), POLL).toEqual(UP.filter((table) => table !== "ip6 gate"));

  const text = await lab.run("nft", "list", "table", "arp", "rancher_keepalived_gate");
  expect(text).toContain("arp daddr ip { 198.51.100.101, 198.51.100.102 }");
});

it("does not take the tag of a dying agent for its own", async () => {
  const { lab, gate: dying } = await openGate();
  const next = lab.start();
  await next.tell(VIPS);
  await next.tell("open");
  sendSignal(dying.pid, "SIGKILL");
  await dying.ended;

  await expect.poll(() => lab.tables(), POLL).toEqual(UP);
  await next.untilPhase("on");
});

it("stays closed when the whole agent is killed, until the next one opens it", async () => {
  const { lab, gate } = await openGate();
  sendSignal(gate.pid, "SIGKILL");
  await gate.ended;
  await expect.poll(() => lab.tables(), POLL).toEqual(SILENT);

  const next = lab.start();
  await next.tell(VIPS);
  await next.tell("open");
  expect(await lab.tables()).toEqual(UP);
});

describe("another program", () => {
  it.each([
    { what: "flushes all rules", command: ["nft", "flush", "ruleset"] },
    { what: "deletes the table", command: ["nft", "delete", "table", "arp", "rancher_keepalived_gate"] },
    { what: "flushes the table", command: ["nft", "flush", "table", "ip6", "rancher_keepalived_gate"] },
  ])("$what, and the gate is put up again", async ({ command }) => {
    const { lab } = await openGate();
    const before = await lab.run("nft", "list", "ruleset");
    await lab.run(...command);

    await expect.poll(() => lab.run("nft", "list", "ruleset"), POLL).toHaveLength(before.length);
    expect(await lab.tables()).toEqual(UP);
  });

  it("changes rules of its own, and that alone is told", async () => {
    const { lab, gate } = await openGate();
    const told = () => gate.lines.filter(({ rules }) => rules === true).length;
    await expect.poll(told, POLL).toBe(1); // rules may have changed before nft listened
    await gate.tell("vips 198.51.100.101");
    await expect.poll(() => lab.tables(), POLL).not.toContain("ip6 gate");
    expect(told()).toBe(1);

    await lab.run("iptables-nft", "-t", "nat", "-A", "PREROUTING", "-p", "tcp");
    await expect.poll(told, POLL).toBeGreaterThan(1);
  });
});

describe("the process that keeps the tag", () => {
  it("is killed again and again, and no group is held back", async () => {
    const { lab, gate } = await openGate();
    for (let times = 0; times < 3; times += 1) {
      const keepers = await lab.keepers();
      for (const pid of keepers) sendSignal(pid, "SIGKILL");
      const isNew = async () => (await lab.keepers()).filter((pid) => !keepers.includes(pid)).length;
      await expect.poll(isNew, POLL).toBe(1);
      await expect.poll(() => lab.tables(), POLL).toEqual(UP);
    }

    expect(gate.lines.filter(({ hold }) => typeof hold === "string")).toEqual([]);
  });

  it("cannot be started: the gate is taken down without nft, and up again once nft works", async () => {
    const { lab, gate } = await openGate();
    await breakNft(lab);
    await gate.untilPhase("failed");
    expect([await lab.tables(), gate.hold]).toEqual([[], null]);

    await lab.restoreProgram("nft");
    await gate.untilPhase("on");
    expect(await lab.tables()).toEqual(UP);
  });

  it("hangs before it sets the tag: it is replaced, and the gate is up again", async () => {
    const { lab, gate } = await openGate();
    const nft = await lab.run("which", "nft");
    await lab.standIn("nft", `[ "$1" != -i ] || exec sleep 600\nexec ${nft} "$@"`);
    for (const pid of await lab.keepers()) sendSignal(pid, "SIGKILL");
    await gate.untilPhase("failed");

    await lab.restoreProgram("nft");
    await gate.untilPhase("on");
    expect(await lab.tables()).toEqual(UP);
  });

  it("cannot be started, and the gate cannot be taken down: groups are held back until it can", async () => {
    const { lab, gate } = await openGate();
    await lab.standIn("perl");
    await breakNft(lab);
    await gate.untilPhase("blocking");
    expect([await lab.tables(), gate.hold]).toEqual([SILENT, "the gate may block this host's VIPs"]);

    await lab.restoreProgram("nft");
    await gate.untilPhase("on");
    expect([await lab.tables(), gate.hold]).toEqual([UP, null]);
  });
});

describe("a machine that is too busy for nft at the start", () => {
  it("has the gate before keepalived starts, if it is busy only while the gate is prepared", async () => {
    const lab = await openGateLab(onTestFinished);
    await lab.standIn("nft", `echo >>"$0.starts"; ${BROKEN}`);
    const gate = lab.start();
    await gate.tell(VIPS);
    await gate.tell("prepare");
    await expect.poll(() => lab.startsOf("nft").catch(() => 0), POLL).toBe(2);
    await lab.restoreProgram("nft");
    await gate.tell("open");

    await gate.untilPhase("on");
    expect(await lab.tables()).toEqual(UP);
    expect(gate.lines.filter(({ status }) => status?.phase === "unavailable")).toEqual([]);
  });

  it("has the gate later, and is told of rules all the time", async () => {
    const lab = await openGateLab(onTestFinished);
    await lab.standIn("nft", BROKEN);
    const gate = lab.start();
    await gate.tell(VIPS);
    await gate.tell("open");
    await gate.untilPhase("unavailable");

    await lab.restoreProgram("nft");
    await gate.untilPhase("on");
    expect([await lab.tables(), (await lab.keepers()).length]).toEqual([UP, 1]);
    const told = () => gate.lines.filter(({ rules }) => rules === true).length;
    await expect.poll(told, POLL).toBeGreaterThan(0);
  });

  it("has the gate of one family at first, says so, and has the other one later", async () => {
    const lab = await openGateLab(onTestFinished);
    const nft = await lab.run("which", "nft");
    const withoutIpv6 = `[ "$1" = -f ] || exec ${nft} "$@"
text=$(while read -r line; do echo "$line"; done)
case "$text" in *"ip6 rancher_keepalived_probe"*) ${BROKEN};; esac
echo "$text" | ${nft} -f -`;
    await lab.run("nft", "add table ip6 rancher_keepalived_gate");
    await lab.standIn("nft", withoutIpv6);
    const gate = lab.start();
    await gate.tell(VIPS);
    await gate.tell("open");
    await gate.untilPhase("on");
    const latest = () => gate.lines.findLast(({ status }) => status !== undefined)?.status;
    expect(await lab.tables()).toEqual(["arp gate", "arp owner"]);
    expect(latest()).toEqual({ phase: "on", reason: "not for IPv6: nft: nft is broken" });

    await lab.restoreProgram("nft");
    await expect.poll(latest, POLL).toEqual({ phase: "on" });
    await expect.poll(() => lab.keepers(), POLL).toHaveLength(1);
    await expect.poll(() => lab.tables(), POLL).toEqual(UP);
  });

  it("holds groups back while the gate of an earlier agent blocks them, and has its own later", async () => {
    const lab = await openGateLab(onTestFinished);
    await lab.run("nft", "add table arp rancher_keepalived_gate");
    await lab.standIn("perl");
    await lab.standIn("nft", BROKEN);
    const gate = lab.start();
    await gate.tell(VIPS);
    await gate.tell("open");
    await gate.untilPhase("blocking");
    expect([await lab.tables(), gate.hold]).toEqual([["arp gate"], "the gate may block this host's VIPs"]);

    await lab.restoreProgram("nft");
    await gate.untilPhase("on");
    expect([await lab.tables(), gate.hold]).toEqual([UP, null]);
  });

  it("leaves nothing where it is closed before or while the gate comes", async () => {
    const lab = await openGateLab(onTestFinished);
    const nft = await lab.run("which", "nft");
    await lab.standIn("nft", BROKEN);
    const gate = lab.start();
    await gate.tell(VIPS);
    await gate.tell("open");
    await lab.standIn("nft", `echo >>"$0.starts"; sleep 0.3; exec ${nft} "$@"`);
    await expect.poll(() => lab.startsOf("nft").catch(() => 0), POLL).toBeGreaterThan(0);
    await gate.tell("close");
    await gate.ended;

    expect([await lab.tables(), await lab.keepers()]).toEqual([[], []]);
  });
});

describe("an agent that stops while its gate is opened", () => {
  it.each([
    { what: "the nft that would set the tag", condition: '[ "$1" = -i ]' },
    { what: "each nft", condition: "true" },
  ])("does not wait for $what, if that hangs, and starts none again", async ({ condition }) => {
    const lab = await openGateLab(onTestFinished);
    const nft = await lab.run("which", "nft");
    await lab.standIn(
      "nft",
      `if ${condition}; then echo >>"$0.starts"; exec sleep 600; fi\nexec ${nft} "$@"`,
    );
    const gate = lab.start();
    await gate.tell(VIPS);
    await gate.tell("prepare"); // an attempt of `open` would follow
    await gate.tell("start");
    await expect.poll(() => lab.startsOf("nft").catch(() => 0), POLL).toBeGreaterThan(0);

    await gate.tell("stop");
    const starts = await lab.startsOf("nft");
    await gate.tell("close");
    await gate.ended;

    expect(await lab.startsOf("nft")).toBe(starts);
    expect(await lab.keepers()).toEqual([]);
  });
});

describe("a host without owner tables", () => {
  it("has no gate, removes that of an earlier agent, and is told of rules", async () => {
    const lab = await openGateLab(onTestFinished);
    await lab.run("nft", "add table arp rancher_keepalived_gate");
    const nft = await lab.run("which", "nft");
    const old = `text=; [ "$1" = -f ] && text=$(while read -r line; do echo "$line"; done)
case "$text" in *"flags owner"*) echo "syntax error, unexpected owner" >&2; exit 1;; esac
[ "$1" = -f ] || exec ${nft} "$@"
echo "$text" | ${nft} -f -`;
    await lab.standIn("nft", old);
    const gate = lab.start();
    await gate.tell("vips 198.51.100.100");
    await gate.tell("open");

    await gate.untilPhase("unavailable");
    expect(await lab.tables()).toEqual([]);
    await expect.poll(() => gate.lines.some(({ rules }) => rules === true), POLL).toBe(true);
  });

  it("has no gate with an nft that has no interactive mode", async () => {
    const lab = await openGateLab(onTestFinished);
    const nft = await lab.run("which", "nft");
    await lab.standIn(
      "nft",
      `[ "$1" != -i ] || { echo "not supported in this build" >&2; exit 1; }\nexec ${nft} "$@"`,
    );
    const gate = lab.start();
    await gate.tell("vips 198.51.100.100");
    await gate.tell("open");

    await gate.untilPhase("unavailable");
    expect(await lab.tables()).toEqual([]);
    await expect.poll(() => gate.lines.some(({ rules }) => rules === true), POLL).toBe(true);
  });

  it.each([
    "Unable to initialize Netlink socket: Protocol not supported",
    "netlink: Error: cache initialization failed: Invalid argument\nError: Could not process rule: Operation not supported",
    "Error: Could not process rule: Address family not supported by protocol",
    "Error: Could not process rule: Not supported", // with musl
  ])("holds no group back where the kernel has no tables, also without Perl: %s", async (said) => {
    const lab = await openGateLab(onTestFinished);
    await lab.standIn("perl");
    await lab.standIn("nft", `echo '${said}' >&2; exit 1`);
    const gate = lab.start();
    await gate.tell(VIPS);
    await gate.tell("open");

    await gate.untilPhase("unavailable");
    expect(gate.hold).toBe(null);
  });

  it.each([
    "Error: Could not process rule: Operation not permitted (you must be root)",
    "Unable to initialize Netlink socket: Address family not supported by protocol", // a filter of system calls does that
    "netlink: Error: cache initialization failed: Invalid argument",
  ])("holds groups back where nobody can tell whether a gate is there, and says so: %s", async (said) => {
    const lab = await openGateLab(onTestFinished);
    await lab.standIn("perl");
    await lab.standIn("nft", `echo '${said}' >&2; exit 1`);
    const gate = lab.start();
    await gate.tell(VIPS);
    await gate.tell("open");

    await gate.untilPhase("blocking");
    const latest = gate.lines.findLast(({ status }) => status !== undefined)?.status;
    expect(latest).toMatchObject({
      reason: `nft: ${said} (without Perl it is not known whether an earlier agent left one)`,
    });
    expect(gate.hold).toBe("the gate may block this host's VIPs");
  });

  it("has no gate without nft", async () => {
    const lab = await openGateLab(onTestFinished);
    await lab.standIn("nft");
    const gate = lab.start();
    await gate.tell("open");

    await gate.untilPhase("unavailable");
    expect(gate.hold).toBe(null);
  });
});
