/**
 * From a snapshot to the text of keepalived.conf: prints what the first call in this process took, and one after many, ms.
 *
 * `node test/bench/pure-core-program.ts PEERS`
 */
import { readFileSync } from "node:fs";
import { confPathsIn } from "../../src/conf/paths.ts";
import { renderConf } from "../../src/conf/render.ts";
import { deriveInstance, deriveRouterId } from "../../src/groups/derive-instance.ts";
import { listMembers } from "../../src/metadata/members.ts";
import { updateMembership } from "../../src/metadata/membership.ts";
import type { Container, Host, Snapshot } from "../../src/metadata/snapshot.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import { uuidOf } from "../e2e/lab/lab-ids.ts";

const PEERS = Number(process.argv[2]);
/** V8 has compiled all of it by then, as far as it may. */
const WARM_UP_ROUNDS = 50;
const TEMPLATE = readFileSync(new URL("../../templates/keepalived.conf.njk", import.meta.url), "utf8");
const SETTINGS = parseSettings({ VIRTUAL_IP: "10.0.0.1", CHECK_PORT: "80" });
const NETWORK = {
  interfaces: [
    {
      name: "eth0",
      isLoopback: false,
      addresses: [{ address: addressOf(0), prefix: 16, isSecondary: false }],
    },
  ],
  defaultRoute: { ipv4: "eth0" },
};

const snapshot = makeSnapshot();
const first = timed();
for (let round = 0; round < WARM_UP_ROUNDS; round += 1) timed();
process.stdout.write(JSON.stringify({ first, warm: timed() }));

function timed(): number {
  const startMs = performance.now();
  toText();
  return performance.now() - startMs;
}

function toText(): string {
  const { self, service } = snapshot;
  const membership = updateMembership([], listMembers(snapshot), {
    nowMs: 0,
    graceMs: 30_000,
    isComplete: true,
  });
  const { group } = resolveGroup("main", SETTINGS, self.labels, service.metadata);
  const { instance } = deriveInstance(group, {
    group: "main",
    hostUuid: self.uuid,
    agentIp: self.agentIp,
    members: membership.map(({ member }) => member),
    network: NETWORK,
  });
  const desired = { routerId: deriveRouterId(self.hostname), instances: [instance] };
  return renderConf(TEMPLATE, desired, confPathsIn("/run/rancher-keepalived"));
}

function makeSnapshot(): Snapshot {
  const hosts = Array.from({ length: PEERS + 1 }, (_, index) => makeHost(index));
  const containers = hosts.map(makeContainer);
  const service = { stackName: "lb", name: "keepalived", metadata: {}, containers };
  return { version: "1", self: hosts[0]!, hosts, service };
}

function makeHost(index: number): Host {
  const name = `host-${index}`;
  const place = { environmentUuid: uuidOf("environment"), agentState: "active", labels: {} };
  return { uuid: uuidOf(name), name, hostname: name, agentIp: addressOf(index), ...place };
}

function makeContainer(host: Host, index: number): Container {
  const name = `lb-keepalived-${index}`;
  return {
    uuid: uuidOf(name),
    name,
    externalId: uuidOf(`docker ${name}`),
    state: "running",
    hostUuid: host.uuid,
    primaryIp: host.agentIp,
    environmentUuid: host.environmentUuid,
    createIndex: index + 1,
  };
}

function addressOf(index: number): string {
  return `10.0.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`;
}
