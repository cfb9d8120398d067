/**
 * What one metadata version costs the agent's core, from the bytes that metadata sent to the text of keepalived.conf: prints it
 * as JSON. Each environment in a process of its own, so that the settings of V8 and the memory are those of this one alone.
 *
 * `node test/bench/growth/core-program.ts '{"members":1000,"hosts":1000,"groups":1}'`
 */
import { readFileSync } from "node:fs";
import { confPathsIn } from "../../../src/conf/paths.ts";
import { renderConf } from "../../../src/conf/render.ts";
import { deriveDesiredState } from "../../../src/groups/desired-state.ts";
import { resolveGroups } from "../../../src/groups/resolved-groups.ts";
import { compareSnapshots } from "../../../src/metadata/changes.ts";
import { parseHost, parseHosts, parseService } from "../../../src/metadata/document.ts";
import { memberStatuses } from "../../../src/metadata/member-status.ts";
import { listMembers, listsOwnContainer } from "../../../src/metadata/members.ts";
import { updateMembership } from "../../../src/metadata/membership.ts";
import type { Membership } from "../../../src/metadata/membership-entry.ts";
import type { Service, Snapshot } from "../../../src/metadata/snapshot.ts";
import { parseSettings } from "../../../src/settings/settings.ts";
import { addressOf, OWN_SERVICE, wireContainer, wireHost, wireService } from "../../sim/wire.ts";
import { summarize } from "../statistics.ts";

const TEMPLATE = readFileSync(new URL("../../../templates/keepalived.conf.njk", import.meta.url), "utf8");
/** The virtual IPs are in the service's metadata. */
const SETTINGS = parseSettings({ CHECK_PORT: "80" });
const CONF_PATHS = confPathsIn("/run/rancher-keepalived");
const GRACE_MS = SETTINGS.agent.peerRemovalGraceSeconds * 1_000;
/** Beyond, the agent reads the list of all hosts (src/metadata/io/read-snapshot.ts). */
const FEW_HOSTS = 16;
const NETWORK = {
  interfaces: [
    {
      name: "eth0",
      index: 2,
      isLoopback: false,
      addresses: [{ address: addressOf(0), prefix: 8, isSecondary: false }],
    },
  ],
  defaultRoute: { ipv4: "eth0" },
};

/** The environment that is measured. */
export interface Environment {
  /** Hosts that run the service. */
  readonly members: number;
  /** All hosts. */
  readonly hosts?: number;
  readonly groups?: number;
}

/** What a version costs. */
export interface CoreCost {
  /** The median of the versions. */
  readonly cpuMs: number;
  /** The longest time without input and output: nothing else can run meanwhile. The median of the versions. */
  readonly stretchMs: number;
  readonly bytes: number;
  readonly textBytes: number;
  /** The most that the process had in memory, less what it had before the first version, MiB. */
  readonly memoryMiB: number;
}

process.stdout.write(JSON.stringify(costOf(JSON.parse(process.argv[2] ?? ""))));

function costOf(environment: Environment): CoreCost {
  const answers = answersOf(environment);
  const startMiB = residentMiB();
  let before = { membership: [] as Membership, snapshot: undefined as Snapshot | undefined };
  let textBytes = 0;
  const version = () => {
    const watch = openStopwatch();
    const service = parseService(JSON.parse(answers.service), OWN_SERVICE);
    watch.lap();
    const snapshot = read(answers, service);
    watch.lap();
    const options = { nowMs: 0, graceMs: GRACE_MS, isComplete: listsOwnContainer(snapshot) };
    const membership = updateMembership(before.membership, listMembers(snapshot), options);
    if (before.snapshot !== undefined) compareSnapshots(before.snapshot, snapshot);
    const members = membership.map(({ member }) => member);
    memberStatuses(snapshot, members, 9_650);
    watch.lap();
    const view = { origin: "live", snapshot, members } as const;
    const groups = resolveGroups(SETTINGS, snapshot, []);
    const { desired } = deriveDesiredState({ groups, view, network: NETWORK, inForce: [] });
    watch.lap();
    textBytes = renderConf(TEMPLATE, desired, CONF_PATHS).length;
    watch.lap();
    before = { membership, snapshot };
    return watch;
  };
  const rounds = Math.max(7, Math.ceil(300 / Math.max(environment.members / 10, environment.groups ?? 1)));
  for (let round = 0; round < rounds; round += 1) version();
  const watches = Array.from({ length: rounds }, version);
  return {
    cpuMs: summarize(watches.map(({ laps }) => laps.reduce((sum, ms) => sum + ms, 0))).median,
    stretchMs: summarize(watches.map(({ laps }) => Math.max(...laps))).median,
    bytes: Object.values(answers).reduce((sum, text) => sum + text.length, 0),
    textBytes,
    memoryMiB: process.resourceUsage().maxRSS / 1_024 - startMiB,
  };
}

/** CPU time of the parts between which the agent waits for input or output, ms. */
function openStopwatch() {
  const laps: number[] = [];
  let startMs = cpuMs();
  const lap = () => {
    const nowMs = cpuMs();
    laps.push(nowMs - startMs);
    startMs = nowMs;
  };
  return { laps, lap };
}

function residentMiB(): number {
  return process.memoryUsage().rss / 1_048_576;
}

/** What metadata sends for one version, as text. */
function answersOf({ members, hosts = members, groups = 1 }: Environment) {
  const wireHosts = Array.from({ length: hosts }, (_, index) => wireHost(index));
  const containers = wireHosts
    .slice(0, members)
    .map((host, index) => wireContainer(host, index + 1, "running"));
  const names = Array.from({ length: groups }, (_, index) => index + 1);
  const instances = Object.fromEntries(
    names.map((number) => [`group-${number}`, { virtual_ip: `10.255.0.${number}`, vrid: number }]),
  );
  const metadata = { keepalived: { instances } };
  return {
    self: JSON.stringify(wireHosts[0]),
    service: JSON.stringify(wireService(containers, metadata)),
    // one by one there is no own host to be asked for again, and no list
    hosts: members > FEW_HOSTS ? JSON.stringify(wireHosts) : JSON.stringify(wireHosts.slice(0, members)),
    version: JSON.stringify(wireHosts[0]!.uuid).repeat(2),
  };
}

function read({ self, hosts }: ReturnType<typeof answersOf>, service: Service): Snapshot {
  const uuids = new Set(service.containers.map(({ hostUuid }) => hostUuid));
  return {
    version: "",
    self: parseHost(JSON.parse(self)),
    hosts: parseHosts(JSON.parse(hosts)).filter(({ uuid }) => uuids.has(uuid)),
    service,
  };
}

/** Of this process and its helper threads, which collect garbage. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
