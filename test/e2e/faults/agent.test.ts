/** What goes wrong in the agent's own process, or with what it stands on: another host has the VIP, and only one has. */
import { existsSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { Child } from "../lab/child.ts";
import type { Host } from "../lab/host.ts";
import { BUILT_PROGRAM } from "../lab/metadata.ts";
import { until } from "../lab/until.ts";
import { calm, settled, stateOf, statusOf, useLab, VIP } from "../scenario.ts";
import { agentPid, IMAGE_LIKE, inflict, startFallible, untilEnded } from "./agent-process.ts";
import { startStray } from "./stray-agent.ts";
import { watched } from "./watched.ts";

const used = useLab({ hosts: 3, ...IMAGE_LIKE });
const SOON_MS = 120_000;
/** What keepalived's own way of handing the VIP over may cost, with a machine's stall on top. */
const SILENT_MS = 3_000;
const DOUBLED_MS = 1_000;
/** `LONG_FAULTS=1` lets faults last as long as they may in life. */
const IS_LONG = process.env["LONG_FAULTS"] === "1";

/** An agent's keepalived listens for 3 s before it takes a VIP, and takes it within 1 s. */
const STRAY_MS = 5_000;
const SQUAT = `require("node:net").createServer((socket) => socket.end("{}\\n"))
  .listen("\\0rancher-keepalived", () => console.log("squatting"))`;

const gone = (host: Host) =>
  until(async () => !(await host.addresses()).includes(VIP), SOON_MS, `the VIP left ${host.name}`);

// each test begins and ends with an owner and two backups, so that each can be run alone
beforeAll(async () => {
  await Promise.all(used.lab.hosts.map((host) => startFallible(host)));
});

it("comes up by the image's entrypoint", async () => {
  await calm(used.lab);
});

it.each([
  { what: "is killed", end: async (host: Host) => sendSignal(agentPid(host), "SIGKILL"), code: 137 },
  { what: "throws what nobody catches", end: (host: Host) => inflict(host, "exception"), code: 1 },
  { what: "rejects what nobody catches", end: (host: Host) => inflict(host, "rejection"), code: 1 },
  { what: "is out of memory", end: (host: Host) => inflict(host, "memory"), code: 134 },
])(
  "gives the VIP away when the agent $what, and takes no VIP when it is back",
  async ({ what, end, code }) => {
    const { lab } = used;
    const seen = await watched(lab, `agent ${what}`, async (owner, others) => {
      await end(owner);
      expect(await untilEnded(owner)).toBe(code);
      await gone(owner);
      const next = await settled(lab, others);
      await startFallible(owner);
      expect(await settled(lab)).toBe(next);
    });

    expect([seen.moves === 1 || seen.moves === 2, seen.returns]).toEqual([true, 0]);
    expect(seen.silentMs).toBeLessThan(SILENT_MS);
    expect(seen.doubledMs).toBeLessThan(DOUBLED_MS);
  },
);

it("gives the VIP away while the agent is stopped, and it does not come back by itself", async () => {
  const { lab } = used;
  const seen = await watched(lab, "agent stopped and continued", async (owner, others) => {
    const pid = agentPid(owner);
    sendSignal(pid, "SIGSTOP");
    try {
      await gone(owner);
      await settled(lab, others);
    } finally {
      sendSignal(pid, "SIGCONT");
    }
    await calm(lab);
  });

  expect([seen.moves === 1 || seen.moves === 2, seen.returns]).toEqual([true, 0]);
  expect(seen.doubledMs).toBeLessThan(DOUBLED_MS);
  expect(seen.silentMs).toBeLessThan(SILENT_MS);
});

it("gives the VIP away while the agent's event loop is blocked", async () => {
  const { lab } = used;
  const ms = IS_LONG ? 20_000 : 8_000;
  const seen = await watched(lab, `event loop blocked for ${ms} ms`, async (owner, others) => {
    const from = owner.agent.logPosition;
    await inflict(owner, "block", ms);
    await gone(owner);
    await settled(lab, others);
    const { log } = owner.agent.container;
    await log.first((line) => line === "survived block" || undefined, { from, timeoutMs: SOON_MS });
    await calm(lab);
  });

  expect([seen.moves === 1 || seen.moves === 2, seen.returns]).toEqual([true, 0]);
  expect(seen.doubledMs).toBeLessThan(DOUBLED_MS);
  expect(seen.silentMs).toBeLessThan(SILENT_MS);
});

it("moves nothing when clocks are set by hours, and still says which state a host is in", async () => {
  const { lab } = used;
  const seen = await watched(lab, "clock set by hours", async (owner) => {
    for (const hours of [5, -5, 0]) {
      await Promise.all(lab.hosts.map((host) => inflict(host, "clock", hours * 3_600_000)));
      await settled(lab);
    }
    await inflict(owner, "clock", -5 * 3_600_000);
    await owner.setLink("down", "host");
    const isLost = async () => (await stateOf(owner)) === "FAULT";
    await until(isLost, SOON_MS, "the host says that it lost the VIP");
    await owner.setLink("up", "host");
    await settled(lab);
    await inflict(owner, "clock");
  });

  expect([seen.moves === 1 || seen.moves === 2, seen.returns]).toEqual([true, 0]);
  expect(seen.doubledMs).toBeLessThan(DOUBLED_MS);
});

it("starts anew when STATE_DIR is removed under it, and says so", async () => {
  const { lab } = used;
  const seen = await watched(lab, "STATE_DIR removed", async (owner, others) => {
    const from = owner.agent.logPosition;
    // the agent may be writing there at this moment
    rmSync(owner.stateFolder, { recursive: true, maxRetries: 10 });
    await settled(lab, others);
    await owner.agent.awaitLog((entry) => entry["code"] === "STATE_DIR_LOST", { from, timeoutMs: SOON_MS });
    await settled(lab);
    expect((await statusOf(owner))?.problems).toEqual([]);
    expect(existsSync(`${owner.stateFolder}/last-good.json`)).toBe(true);
  });

  expect([seen.moves === 1 || seen.moves === 2, seen.returns]).toEqual([true, 0]);
  expect(seen.silentMs).toBeLessThan(SILENT_MS);
});

it("serves with 64 file descriptors, also through a hand-over", async () => {
  const { lab } = used;
  await watched(lab, "64 file descriptors", async (owner, [other, third]) => {
    await other!.stopAgent();
    await startFallible(other!, {}, ["prlimit", "--nofile=64"]);
    await calm(lab);
    await Promise.all([owner.stopAgent(), third!.stopAgent()]);
    await until(async () => (await lab.holders(VIP)).join() === other!.name, SOON_MS, "the poor host serves");
    await Promise.all([startFallible(owner), startFallible(third!)]);
    await settled(lab);
    expect((await statusOf(other!))?.problems).toEqual([]);
  });
});

it("waits for a stranger who has its socket, says who it is, and starts when the stranger is gone", async () => {
  const { lab } = used;
  const seen = await watched(lab, "socket of the agent taken by a stranger", async (_owner, [host]) => {
    await host!.stopAgent();
    const stranger = new Child({
      namespace: host!.namespace,
      name: "the stranger",
      command: [process.execPath, "-e", SQUAT],
    });
    onTestFinished(async () => void (await stranger.end("SIGKILL")));
    await stranger.log.first((line) => (line === "squatting" ? line : undefined));

    const agent = await startFallible(host!);
    const line = await agent.awaitLog((entry) => entry["code"] === "CLAIM_TAKEN", { timeoutMs: SOON_MS });
    expect(line["hint"]).toContain("ss -lxp");
    const command = ["netns", "exec", host!.namespace, ...BUILT_PROGRAM, "status"];
    const { exitCode, stderr } = await execa("ip", command, { reject: false });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/CLAIM_TAKEN: \S+ \(pid \d+\) has the socket/);

    await stranger.end("SIGKILL");
    await settled(lab);
  });

  expect(seen).toMatchObject({ moves: 0 });
});

it("claims no VIP from the network of a container, with metadata and with peers by hand", async () => {
  const { lab } = used;
  const envs = [
    { STACK_NAME: "lb", SERVICE_NAME: "keepalived" },
    { METADATA_URL: "off", UNICAST_PEERS: "198.51.100.11,198.51.100.12,198.51.100.13" },
  ];
  const seen = await watched(lab, "network of a container", async (_owner, hosts) => {
    // as Docker has it: what leaves a container comes from the host's address, which the others take for its agent's
    const rule = ["POSTROUTING", "-s", "172.17.0.0/16", "!", "-o", "docker0", "-j", "MASQUERADE"];
    const strays = await Promise.all(
      hosts.map(async (host, index) => {
        await host.run(["iptables-nft", "-t", "nat", "-A", ...rule]);
        await host.stopAgent();
        return startStray(host, envs[index] ?? {});
      }),
    );
    for (const stray of strays) {
      const { code } = await until(() => stray.problem(), SOON_MS, "the agent says where it is");
      expect(code).toBe("HOST_NETWORK_MISSING");
    }
    await sleep(STRAY_MS);

    for (const host of hosts) {
      const addresses = await execa("ip", ["-n", host.containerNamespace, "-br", "address"]);
      expect(addresses.stdout).not.toContain(VIP);
    }
    await Promise.all(strays.map((stray) => stray.end()));
  });

  expect(seen).toMatchObject({ moves: 0 });
  expect(seen.silentMs).toBeLessThan(SILENT_MS);
});
