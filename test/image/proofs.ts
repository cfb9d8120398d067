/** What the image must show on three hosts with real engines: one proof a function, in this order. */
import assert from "node:assert/strict";
import { isWell } from "../../src/status/status.ts";
import { DEFAULT_VIP as VIP } from "../e2e/lab/topology.ts";
import { until } from "../e2e/lab/until.ts";
import type { DockerHost } from "./docker-host.ts";
import type { Fleet } from "./fleet.ts";

/** NET_ADMIN, NET_BROADCAST, NET_RAW and SYS_NICE in a line of /proc/<pid>/status. */
const FOUR_CAPABILITIES = /^CapEff:\s+0000000000803800$/;
const SOON_MS = 60_000;
/** As one host gives the VIPs to another, the kernels of both may have them for a few ms: a busy machine adds to that. */
const HAND_OVER_MS = 50;

/** Tags of two images that differ. */
export type Images = readonly [first: string, second: string];

/** Throws where the claim does not hold; tells the figures. The fleet is calm before (but the first time) and after. */
export type Proof = (fleet: Fleet, images: Images) => Promise<string>;

export const PROOFS: ReadonlyMap<string, Proof> = new Map([
  ["three containers start: one host owns the VIP", startAll],
  ["root read-only, four capabilities", areConfined],
  ["healthy by the engine and by status", areHealthy],
  ["one runs under the seccomp profile of an old Docker", isUnderOldProfile],
  ["each part works", areWhole],
  ["docker stop of the owner", stopOwner],
  ["the owner's agent is killed", killAgent],
  ["the owner's container is killed", crashContainer],
  ["a new container of the owner's host waits for the old one", startFirst],
  ["replaced by another tag, host after host", replaceAll],
]);

async function startAll(fleet: Fleet, [image]: Images): Promise<string> {
  await Promise.all(fleet.hosts.map((host) => host.start(image)));
  const owner = await fleet.calm();
  assert.equal(fleet.lab.ownership.doubleOwnership(VIP), 0, "two owners");
  return `${owner.name}, by metadata that knows the containers by their Docker ids`;
}

async function areConfined({ hosts }: Fleet): Promise<string> {
  for (const host of hosts) {
    // a process may end between its listing and its reading
    const lines = (await host.exec("grep -hs ^CapEff /proc/[0-9]*/status || true")).split("\n");
    for (const line of lines) assert.match(line, FOUR_CAPABILITIES);
    assert.match(await host.exec("touch /usr/x 2>&1 || true"), /Read-only file system/);
    const loading = await host.exec("NODE_DEBUG_NATIVE=COMPILE_CACHE rancher-keepalived version 2>&1");
    assert.match(loading, /was accepted/, "the compiled functions do not fit");
  }
  const refusals = (await Promise.all(hosts.map(refusedScheduling))).filter((reason) => reason !== undefined);
  const [refusal] = refusals;
  return `all processes of the 3 containers${refusal === undefined ? "" : `; real-time priority refused: ${refusal}`}`;
}

/**
 * Real-time priority is in force, unless the kernel refuses it to any program of the container.
 *
 * @returns why it is refused, by the status; undefined where it is in force.
 */
async function refusedScheduling(host: DockerHost): Promise<string | undefined> {
  const isAllowed =
    (await host.exec("chrt -r 10 true 2>/dev/null && echo allowed || echo refused")) === "allowed";
  const scheduling = (await host.status())?.scheduling;
  if (isAllowed) {
    assert.deepEqual(scheduling, { phase: "realtime" }, `scheduling on ${host.name}`);
    return undefined;
  }
  assert.ok(scheduling?.phase === "refused", `${host.name} does not say that real-time priority is refused`);
  assert.match(scheduling.reason, /RT_GROUP_SCHED/);
  return scheduling.reason;
}

async function areHealthy({ hosts }: Fleet): Promise<string> {
  for (const host of hosts) {
    const isHealthy = async () => (await host.inspect("{{.State.Health.Status}}")) === "healthy";
    await until(isHealthy, SOON_MS, `${host.name} is healthy`);
    const status = await host.status();
    assert.ok(status !== undefined && isWell(status), `${host.name} is not as it should`);
  }
  return "3 of 3";
}

/** On the first host Node does not start by itself. Its agent runs, and so does its health check. */
async function isUnderOldProfile({ hosts }: Fleet): Promise<string> {
  const [old] = hosts;
  assert.ok(old !== undefined);
  const bare = await old.exec("node -e 'console.log(1)' >/dev/null 2>&1; echo $?");
  assert.equal(bare, "134", "Node starts by itself: the profile is not an old one");
  return `${old.name}, where Node alone ends with ${bare}`;
}

/** The parts that a host can do without: a container that has them all says so. */
async function areWhole({ hosts }: Fleet): Promise<string> {
  for (const host of hosts) {
    const isListening = async () => {
      const status = await host.status();
      const [instance] = status?.instances ?? [];
      const isAsking = status?.ownerProbe.groups.every(({ isReady }) => isReady);
      return (
        status?.gate.phase === "on" &&
        status.vipLease.state === "renewed" &&
        status.ownerProbe.multicastProblem === undefined &&
        (instance?.state === "MASTER" || (isAsking && instance?.owner !== undefined))
      );
    };
    await until(isListening, SOON_MS, `each part of ${host.name} works`);
    const log = await host.log();
    assert.doesNotMatch(log, /monitor program ended|perl is missing/, `the log of ${host.name}`);
  }
  return "the gate, the lease, the listener, and the questions to a late owner";
}

async function stopOwner(fleet: Fleet): Promise<string> {
  let [takenMs, exitMs] = [Number.NaN, Number.NaN];
  const { silenceMs, twoOwnersMs } = await fleet.watch(async (owner) => {
    const sinceMs = Date.now();
    const { signalledMs, endedMs } = await owner.stop();
    // the engine tells of a signal after it sent it, and a busy one later than the VIP moves
    takenMs = Math.max(0, (await fleet.takenFrom(owner, sinceMs)) - signalledMs);
    exitMs = endedMs - signalledMs;
    assert.equal(await owner.inspect("{{.State.ExitCode}}"), "0", "exit status");
    await owner.restart();
  });
  atMost("time with two owners", twoOwnersMs, HAND_OVER_MS);
  atMost("silence", silenceMs, 100);
  atMost("time to the end", exitMs, 5_000);
  return `silence ${ms(silenceMs)}, VIP elsewhere after ${ms(takenMs)}, container ended after ${ms(exitMs)}`;
}

async function killAgent(fleet: Fleet): Promise<string> {
  let [lostMs, exitStatus] = [Number.NaN, Number.NaN];
  const { silenceMs, twoOwnersMs } = await fleet.watch(async (owner) => {
    const killedMs = await owner.killAgent();
    lostMs = (await fleet.lostBy(owner, killedMs)) - killedMs;
    exitStatus = await owner.restarted(killedMs);
  });
  assert.equal(exitStatus, 137, "exit status");
  atMost("time with two owners", twoOwnersMs, HAND_OVER_MS);
  atMost("time to the release of the VIP", lostMs, 150);
  return `VIP released after ${ms(lostMs)}, silence ${ms(silenceMs)}, container ended with 137 and was restarted`;
}

async function crashContainer(fleet: Fleet): Promise<string> {
  const { silenceMs, twoOwnersMs } = await fleet.watch(async (owner) => {
    const sinceMs = Date.now();
    await owner.crash();
    await owner.restarted(sinceMs);
    await fleet.lostBy(owner, sinceMs);
  });
  atMost("time with two owners", twoOwnersMs, 3_000);
  return `silence ${ms(silenceMs)}, two owners for ${ms(twoOwnersMs)}, no stale VIP after the restart`;
}

async function startFirst(fleet: Fleet, [image]: Images): Promise<string> {
  const { silenceMs, twoOwnersMs } = await fleet.watch(async (owner) => {
    const old = await owner.start(image);
    assert.ok(old !== undefined);
    await owner.says("another agent runs in this host network");
    await owner.stopFormer(old);
    await owner.says("configuration applied");
  });
  atMost("time with two owners", twoOwnersMs, HAND_OVER_MS);
  atMost("silence", silenceMs, 100);
  return `silence ${ms(silenceMs)}, two owners for ${ms(twoOwnersMs)}`;
}

async function replaceAll(fleet: Fleet, [, image]: Images): Promise<string> {
  const { silenceMs, twoOwnersMs } = await fleet.watch(async () => {
    for (const host of fleet.hosts) {
      await host.stop();
      await host.start(image);
      await fleet.calm();
    }
  });
  atMost("time with two owners", twoOwnersMs, HAND_OVER_MS);
  atMost("total silence", silenceMs, 300);
  return `total silence ${ms(silenceMs)}, two owners for ${ms(twoOwnersMs)}`;
}

function atMost(what: string, durationMs: number, limitMs: number): void {
  assert.ok(durationMs <= limitMs, `${what}: ${ms(durationMs)}, over ${ms(limitMs)}`);
}

function ms(durationMs: number): string {
  return `${durationMs.toFixed(0)} ms`;
}
