/** Whoever knows only that the VIP moved finds out why with one command, on the host that it left or the one it came to. */
import { execa } from "execa";
import { expect, it } from "vitest";
import { sendSignal } from "../fixtures/send-signal.ts";
import type { Host } from "./lab/host.ts";
import { BUILT_PROGRAM } from "./lab/metadata.ts";
import { removeContainer } from "./lab/metadata-changes.ts";
import { mayMoveByItself } from "./lab/stall.ts";
import { until } from "./lab/until.ts";
import { calm, settled, startAll, stateOf, statusOf, useLab, VIP } from "./scenario.ts";

const used = useLab({ hosts: 2 });
const ENV = { CHECK_PORT: "80", PEER_REMOVAL_GRACE: "1" };
const SOON_MS = 120_000;

const on = (host: Host, ...args: string[]) =>
  execa("ip", ["netns", "exec", host.namespace, ...BUILT_PROGRAM, ...args], { reject: false });

/** Waits until the host's journal tells a move in such a sentence. @returns the last one. */
async function untilTold(host: Host, sentence: RegExp): Promise<string> {
  let sentences: string[] = [];
  const told = async () => {
    sentences = (await on(host, "journal", "--since", "10m")).stdout.match(/^=> .*$/gm) ?? [];
    return sentences;
  };
  await expect.poll(told).toContainEqual(expect.stringMatching(sentence));
  return sentences.findLast((text) => sentence.test(text)) ?? "";
}

/** `journal --follow` on the host. It ends with the test's process at the latest. */
function openFollower(host: Host) {
  const args = ["netns", "exec", host.namespace, ...BUILT_PROGRAM, "journal", "--follow"];
  const process = execa("ip", args, { reject: false });
  let shown = "";
  process.stdout.on("data", (text: string | Buffer) => {
    shown += text;
  });
  return {
    shows: (line: RegExp) => expect.poll(() => shown).toMatch(line),
    /** @returns its exit status and its complaints. */
    interrupt: async () => {
      process.kill("SIGINT");
      const { exitCode, stderr } = await process;
      return [exitCode, stderr];
    },
  };
}

it("tells that a port was not published, and who got the VIP", async () => {
  const { lab } = used;
  await startAll(lab, ENV);
  const owner = await calm(lab);
  const other = lab.hosts.find((host) => host !== owner)!;
  const prober = lab.probe(VIP);
  await prober.awaitAnswer(owner.name);
  const sinceMs = Date.now();
  await owner.publishPorts([]);

  await untilTold(
    owner,
    new RegExp(
      `^=> main left ${owner.name} at [\\d:]{8}: port 80/tcp not published for [\\d.]+ s; ${other.name} took over$`,
    ),
  );
  const arrival = await untilTold(
    other,
    new RegExp(
      `^=> main came to ${other.name} at [\\d:]{8}: its owner ${owner.name} (gave it up|fell silent)$`,
    ),
  );
  // where the machine stalls, the other host may take over before the owner says that it gives up
  if (!mayMoveByItself(await prober.stop({ sinceMs }))) expect(arrival).toMatch(/ gave it up$/);
  await owner.publishPorts([{ port: 80, protocol: "tcp" }]);
  await settled(lab);
});

it("tells that keepalived was killed, and where the VIP went", async () => {
  const { lab } = used;
  const owner = await settled(lab);
  const other = lab.hosts.find((host) => host !== owner)!;
  const pids = (await owner.run(["ip", "netns", "pids", owner.namespace])).trim().split("\n");
  const { stdout } = await execa("pgrep", ["-x", "keepalived"]);
  const both = stdout.split("\n").filter((pid) => pids.includes(pid));
  // the VRRP process first: while its parent is gone it would give the VIP up in order, as it may do all the same
  for (const pid of both.toReversed()) sendSignal(Number(pid), "SIGKILL");

  // the parent may see its VRRP process die before it is killed itself
  const end = "(keepalived ended by SIGKILL|its VRRP process died \\(.*\\))";
  await untilTold(
    owner,
    new RegExp(`^=> main left ${owner.name} at [\\d:]{8}: ${end}(; ${other.name} took over)?$`),
  );
  // also where the owner was killed before keepalived of the other host, just out of FAULT, counted one of its adverts
  await untilTold(
    other,
    new RegExp(
      `^=> main came to ${other.name} at [\\d:]{8}: its owner ${owner.name} (fell silent|gave it up)$`,
    ),
  );
});

it("tells that nobody answered for an owner whose cable was pulled: nobody waited for three adverts", async () => {
  const { lab } = used;
  for (const host of lab.hosts) {
    await host.stopAgent();
    // it is asked after an interval, and 2 s before keepalived's own timer: a listener without a core may be late by that
    await host.startAgent({ ...ENV, ADVERT_INTERVAL: "1", OWNER_PROBE: "0.05" });
  }
  const owner = await calm(lab);
  const other = lab.hosts.find((host) => host !== owner)!;
  const isReady = async () => (await statusOf(other))?.ownerProbe.groups[0]?.isReady === true;
  await until(isReady, SOON_MS, "a late owner would be asked");
  await owner.setLink("down", "switch");

  await untilTold(
    other,
    new RegExp(
      `^=> main came to ${other.name} at [\\d:]{8}: its owner ${owner.name} did not answer \\d+ questions within \\d+ ms$`,
    ),
  );
  expect((await statusOf(other))?.ownerProbe.groups).toEqual([
    { group: "main", isReady: false, takeovers: 1 },
  ]);
  // the listener says so: keepalived is MASTER, too, and the kernel of no other host has the VIP
  await settled(lab, [other]);
  await owner.setLink("up", "switch");
  await settled(lab);
});

it("tells that an owner's container was gone, though its host answered", async () => {
  const { lab } = used;
  const owner = await calm(lab);
  const other = lab.hosts.find((host) => host !== owner)!;
  const isReady = async () => (await statusOf(other))?.ownerProbe.groups[0]?.isReady === true;
  await until(isReady, SOON_MS, "a late owner would be asked");
  await owner.killContainer();

  const found = "answered for its own address, but not \\d+ questions within \\d+ ms for its VIP";
  await untilTold(
    other,
    new RegExp(`^=> main came to ${other.name} at [\\d:]{8}: its owner ${owner.name} ${found}$`),
  );
  await settled(lab, [other]);
  await owner.startAgent({ ...ENV, ADVERT_INTERVAL: "1" });
  await settled(lab);
});

it("tells on both sides that there were two owners, and why this one gave way", async () => {
  const { lab } = used;
  const [low, high] = lab.hosts as [Host, Host];
  for (const host of lab.hosts) {
    await host.stopAgent();
    await host.startAgent({ ...ENV, PRIORITY: "200" });
  }
  await calm(lab);
  expect((await on(high, "drain", "--force")).exitCode).toBe(0);
  await until(async () => (await stateOf(low)) === "MASTER", SOON_MS, "the lower address has the VIP");
  expect((await on(high, "undrain")).exitCode).toBe(0);
  await settled(lab);
  const deaf = ["INPUT", "-p", "112", "-j", "DROP"];
  await high.run(["iptables-nft", "-A", ...deaf]);

  const dropped = `protocol 112 from ${low.name} \\(${low.address}\\) is dropped by the rule -A INPUT -p vrrp -j DROP`;
  await untilTold(
    high,
    new RegExp(
      `^=> main came to ${high.name} at [\\d:]{8}: this host could not hear an owner, as ${dropped} `,
    ),
  );
  const why = `${high.name} \\(${high.address}\\) was owner too, with the same priority 200 and a higher address`;
  // a starved host is late to read, or does not run for a moment
  const next = `(, after this agent did not run for .*)?; ${high.name} (took over|owned it since [\\d:.]{12})`;
  await untilTold(low, new RegExp(`^=> main left ${low.name} at [\\d:]{8}: ${why}${next}$`));
  await high.run(["iptables-nft", "-D", ...deaf]);
  await settled(lab);
});

it("drains by command, over a restart, and tells so, also to a follower; undrain ends it", async () => {
  const { lab } = used;
  const owner = await calm(lab);
  const other = lab.hosts.find((host) => host !== owner)!;
  const follower = openFollower(owner);
  // the last entries before it
  await follower.shows(/Z {2}/);
  const drained = await on(owner, "drain");
  expect([drained.exitCode, drained.stderr]).toEqual([0, ""]);
  expect(drained.stdout).toMatch(
    new RegExp(`^main: ${other.name} owns ${VIP} after (\\d+ ms|\\d+\\.\\d s)$`, "m"),
  );
  expect(await owner.addresses()).not.toContain(VIP);

  const left = `=> main left ${owner.name} at [\\d:]{8}: drained by command; ${other.name} took over`;
  await untilTold(owner, new RegExp(`^${left}$`));
  await follower.shows(new RegExp(`\\n${left}\\n`));
  expect((await statusOf(owner))?.health[0]).toMatchObject({ isDrained: true, drainedBy: "command" });
  await owner.stopAgent();
  await owner.startAgent(ENV);
  await until(async () => (await stateOf(owner)) === "FAULT", SOON_MS, "it is still drained");
  // another agent writes now, and the follower was not started anew
  await follower.shows(/agent stopped\n.*agent \S+ started\n/);
  expect(await follower.interrupt()).toEqual([0, ""]);
  expect((await on(owner, "undrain")).exitCode).toBe(0);
  await until(async () => (await stateOf(owner)) === "BACKUP", SOON_MS, "it may own the VIP again");

  lab.metadata.publish((document) => removeContainer(document, owner.name));
  await until(
    async () => (await statusOf(other))?.members[0]?.presence !== "running",
    SOON_MS,
    "it is alone",
  );
  const refused = await on(other, "drain", "main");
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toMatch(/^DRAIN_REFUSED: metadata shows no other running host for main/);
  expect(await other.addresses()).toContain(VIP);
});

it("keeps what was written before a stop, for programs too", async () => {
  const [host] = used.lab.hosts as [Host];
  await host.stopAgent();
  const { stdout } = await execa(
    "ip",
    ["netns", "exec", host.namespace, ...BUILT_PROGRAM, "journal", "--json"],
    {
      env: { STATE_DIR: host.stateFolder },
    },
  );
  const { entries, moves } = JSON.parse(stdout);

  expect(entries.at(-1)).toMatchObject({ kind: "agent-stopped" });
  expect(moves.length).toBeGreaterThanOrEqual(2);
});
