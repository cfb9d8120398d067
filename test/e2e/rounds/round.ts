/** One round: metadata brings a planned change to each host at its own time, while agents are killed and started again. */
import { mkdirSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../sim/random.ts";
import type { Host } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import { setServiceMetadata } from "../lab/metadata-changes.ts";
import { longestOverlap, longestVacancy, type Tenure } from "../lab/tenure.ts";
import { until } from "../lab/until.ts";
import { statusOf } from "../scenario.ts";

/** Both VIPs are in every group, so that one host at most may have them. */
const VIPS = ["198.51.100.100", "198.51.100.101"] as const;
const ENV = { VIRTUAL_IP: undefined, PEER_REMOVAL_GRACE: "30" };
const LEARNED_WITHIN_MS = 10_000;
const SETTLED_WITHIN_MS = 120_000;
/** What a killed container leaves behind ends with its lease: it counts no longer. */
const NEVER = Number.POSITIVE_INFINITY;

/** The lines of an agent's log that tell what it decided, and what became of it. */
const TOLD = /planned change|held back|configuration applied|STATE|listened|transition/;
const LINE_LENGTH = 400;

/** The group as metadata says it. */
export interface WantedGroup {
  readonly virtual_ip: readonly string[];
  readonly vrid: number;
  readonly vrrp_version: 2 | 3;
  readonly unicast: boolean;
}

export const FIRST_GROUP: WantedGroup = { virtual_ip: VIPS, vrid: 100, vrrp_version: 3, unicast: true };

export interface RoundResult {
  readonly to: WantedGroup;
  /** What happened, in order, for a person. */
  readonly events: readonly string[];
  /** Who had which VIP, and what the agents said meanwhile. */
  readonly record: readonly string[];
  /** The longest time with two owners, and without one, ms. */
  readonly twoMs: number;
  readonly noneMs: number;
}

interface Killed {
  readonly host: string;
  readonly atMs: number;
  upMs: number;
}

export async function startFleet(lab: Lab): Promise<void> {
  lab.metadata.publish((document) => setServiceMetadata(document, FIRST_GROUP));
  await Promise.all(lab.hosts.map((host) => host.startAgent(ENV)));
  await settled(lab, FIRST_GROUP);
}

/** @param keepsMemory whether a killed agent finds its STATE_DIR again. */
export async function playRound(
  lab: Lab,
  from: WantedGroup,
  { random, keepsMemory }: { random: Random; keepsMemory: boolean },
): Promise<RoundResult> {
  const to = nextGroup(from, random);
  const startMs = Date.now();
  const events: string[] = [];
  const killed: Killed[] = [];
  const say = (text: string) => events.push(`${((Date.now() - startMs) / 1_000).toFixed(1)} ${text}`);
  const learn = async (host: Host, atMs: number) => {
    await sleep(atMs);
    say(`${host.name} learns`);
    lab.metadata.publish((document) => setServiceMetadata(document, to), { only: [host.name] });
  };
  const kill = async (host: Host, atMs: number, downMs: number) => {
    await sleep(atMs);
    const kill = { host: host.name, atMs: Date.now(), upMs: NEVER };
    killed.push(kill);
    await host.killContainer();
    say(`${host.name} killed`);
    await sleep(downMs);
    if (!keepsMemory) {
      rmSync(host.stateFolder, { recursive: true, maxRetries: 20 });
      mkdirSync(host.stateFolder);
    }
    kill.upMs = Date.now();
    await host.startAgent(ENV);
    say(`${host.name} back`);
  };
  const victims = lab.hosts.filter(() => random.isChance(0.6));
  await Promise.all([
    ...lab.hosts.map((host) => learn(host, random.between(0, LEARNED_WITHIN_MS))),
    ...victims.map((host) => kill(host, random.between(0, 14_000), random.between(1_000, 4_000))),
  ]);
  await settled(lab, to);
  const period = { fromMs: startMs, toMs: Date.now() };
  const owned = VIPS.map((vip) => withoutKilled(lab.ownership.tenures(vip), killed));
  return {
    to,
    events,
    record: recordOf(lab, startMs, owned),
    twoMs: Math.max(...owned.map((tenures) => longestOverlap(tenures, period))),
    noneMs: Math.max(...owned.map((tenures) => longestVacancy(tenures, period))),
  };
}

/** Times are seconds since the beginning of the round. */
function recordOf(lab: Lab, startMs: number, owned: readonly (readonly Tenure[])[]): string[] {
  const at = (ms: number) => ((ms - startMs) / 1_000).toFixed(2);
  const tenures = owned.flatMap((list, index) =>
    list
      .filter(({ toMs }) => toMs > startMs)
      .map(({ host, fromMs, toMs }) => `${VIPS[index]} on ${host} from ${at(fromMs)} to ${at(toMs)}`),
  );
  const lines = lab.hosts.flatMap((host) =>
    host.agent.container.log.lines
      .filter(({ atMs, text }) => atMs > startMs && TOLD.test(text))
      .map(({ atMs, text }) => ({ atMs, text: `${at(atMs)} ${host.name} ${text.slice(0, LINE_LENGTH)}` })),
  );
  return [...tenures, ...lines.toSorted((a, b) => a.atMs - b.atMs).map(({ text }) => text)];
}

function nextGroup(from: WantedGroup, random: Random): WantedGroup {
  const isChanged = () => random.isChance(0.4);
  const to: WantedGroup = {
    virtual_ip: isChanged() ? from.virtual_ip.toReversed() : from.virtual_ip,
    vrid: isChanged() ? 201 - from.vrid : from.vrid,
    vrrp_version: isChanged() ? (from.vrrp_version === 2 ? 3 : 2) : from.vrrp_version,
    unicast: isChanged() ? !from.unicast : from.unicast,
  };
  return JSON.stringify(to) === JSON.stringify(from) ? { ...from, vrid: 201 - from.vrid } : to;
}

/** The tenures as the hosts' agents meant them: each ends when its container is killed. */
function withoutKilled(tenures: readonly Tenure[], killed: readonly Killed[]): Tenure[] {
  return tenures.flatMap((tenure) => {
    const end = killed.find(
      ({ host, atMs, upMs }) => host === tenure.host && atMs < tenure.toMs && tenure.fromMs < upMs,
    );
    if (end === undefined) return [tenure];
    return tenure.fromMs >= end.atMs ? [] : [{ ...tenure, toMs: Math.min(tenure.toMs, end.atMs) }];
  });
}

/** All hosts run the group, one has its VIPs, and all is well. */
async function settled(lab: Lab, to: WantedGroup): Promise<void> {
  const lines = [`virtual_router_id ${to.vrid}\n`, `version ${to.vrrp_version}\n`];
  const isThere = async () => {
    const statuses = await Promise.all(lab.hosts.map(statusOf));
    const hasConf = lab.hosts.every((host) => {
      const conf = host.conf() ?? "";
      return lines.every((line) => conf.includes(line)) && conf.includes("unicast_peer") === to.unicast;
    });
    const states = statuses.map((status) => status?.instances[0]?.state ?? "none").toSorted();
    const isOwned = states.join() === ["BACKUP", "BACKUP", "MASTER"].join();
    return hasConf && isOwned && (await lab.holders(VIPS[0])).length === 1;
  };
  await until(isThere, SETTLED_WITHIN_MS, "all hosts run the group, and one owns it");
}
