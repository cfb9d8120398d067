/** What one metadata version costs the agent's core, from the bytes that metadata sent to the text of keepalived.conf. */
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
import type { Snapshot } from "../../../src/metadata/snapshot.ts";
import { parseSettings } from "../../../src/settings/settings.ts";
import { addressOf, OWN_SERVICE, wireContainer, wireHost, wireService } from "../../sim/wire.ts";
import { summarize } from "../statistics.ts";
import type { Growth, Point } from "./growth.ts";

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

interface Environment {
  /** Hosts that run the service. */
  readonly members: number;
  /** All hosts. */
  readonly hosts?: number;
  readonly groups?: number;
}

const HOW =
  "The agent's own functions on documents with every field that Rancher has, in one process without input or output: the parsing of JSON, schemas, membership, what changed, the settings of each group, the text. CPU time of the process, the median of at least seven versions after the compiler is warm.";

/** @param report is told of each size. */
export function measureCore(report: (line: string) => void): Growth[] {
  const of = (name: string, sizes: readonly number[], environmentOf: (size: number) => Environment) => {
    const rows = sizes.map((size) => {
      const cost = costOf(environmentOf(size));
      report(
        `${name} ${size}: ${cost.cpuMs.toFixed(2)} ms, ${cost.bytes} bytes, text ${cost.textBytes} bytes`,
      );
      return { size, ...cost };
    });
    const points = (value: (row: (typeof rows)[number]) => number): Point[] =>
      rows.map((row) => ({ size: row.size, value: value(row) }));
    return [
      { what: "CPU a version", unit: "ms", points: points(({ cpuMs }) => cpuMs) },
      { what: "read a version", unit: "KB", points: points(({ bytes }) => bytes / 1_000) },
      { what: "keepalived.conf", unit: "KB", points: points(({ textBytes }) => textBytes / 1_000) },
    ];
  };
  return [
    {
      name: "core-members",
      title: "Hosts that run the service",
      unknown: "hosts of the service",
      how: `${HOW} All hosts run the service, one group.`,
      costs: of("members", [10, 100, 1_000, 10_000], (members) => ({ members })),
    },
    {
      name: "core-hosts",
      title: "Hosts of the environment",
      unknown: "hosts of the environment",
      how: `${HOW} 20 hosts run the service: just enough for the list of all hosts to be read, where fewer are asked for one by one.`,
      costs: of("hosts", [30, 100, 1_000, 10_000], (hosts) => ({ members: 20, hosts })),
    },
    {
      name: "core-groups",
      title: "Groups",
      unknown: "groups",
      how: `${HOW} Three hosts run the service; each group has a virtual IP and a VRID of its own, in the service's metadata.`,
      costs: of("groups", [1, 10, 50, 250], (groups) => ({ members: 3, groups })),
    },
  ];
}

function costOf(environment: Environment): { cpuMs: number; bytes: number; textBytes: number } {
  const answers = answersOf(environment);
  let before = { membership: [] as Membership, snapshot: undefined as Snapshot | undefined };
  let textBytes = 0;
  const version = () => {
    const startMs = cpuMs();
    const snapshot = read(answers);
    const options = { nowMs: 0, graceMs: GRACE_MS, isComplete: listsOwnContainer(snapshot) };
    const membership = updateMembership(before.membership, listMembers(snapshot), options);
    if (before.snapshot !== undefined) compareSnapshots(before.snapshot, snapshot);
    const members = membership.map(({ member }) => member);
    memberStatuses(snapshot, members, 9_650);
    const view = { origin: "live", snapshot, members } as const;
    const groups = resolveGroups(SETTINGS, snapshot, []);
    const { desired } = deriveDesiredState({ groups, view, network: NETWORK, inForce: [] });
    textBytes = renderConf(TEMPLATE, desired, CONF_PATHS).length;
    before = { membership, snapshot };
    return cpuMs() - startMs;
  };
  const rounds = Math.max(7, Math.ceil(300 / Math.max(environment.members / 10, environment.groups ?? 1)));
  for (let round = 0; round < rounds; round += 1) version();
  const { median } = summarize(Array.from({ length: rounds }, version));
  const bytes = Object.values(answers).reduce((sum, text) => sum + text.length, 0);
  return { cpuMs: median, bytes, textBytes };
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

function read({ self, service, hosts }: ReturnType<typeof answersOf>): Snapshot {
  const own = parseService(JSON.parse(service), OWN_SERVICE);
  const uuids = new Set(own.containers.map(({ hostUuid }) => hostUuid));
  return {
    version: "",
    self: parseHost(JSON.parse(self)),
    hosts: parseHosts(JSON.parse(hosts)).filter(({ uuid }) => uuids.has(uuid)),
    service: own,
  };
}

/** Of this process and its helper threads, which collect garbage. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
