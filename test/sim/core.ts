/**
 * The agent's real core, asked once for what several simulated agents ask at the same time about the same. All of it is
 * free of time and chance, so that is the answer which each of them would get.
 */
import { readFileSync } from "node:fs";
import { confPathsIn } from "../../src/conf/paths.ts";
import { renderConf } from "../../src/conf/render.ts";
import { deriveInstance, deriveRouterId } from "../../src/groups/derive-instance.ts";
import { withoutStopped } from "../../src/metadata/departure.ts";
import { listMembers, listsOwnContainer, type Member } from "../../src/metadata/members.ts";
import { updateMembership } from "../../src/metadata/membership.ts";
import type { Membership } from "../../src/metadata/membership-entry.ts";
import type { Host } from "../../src/metadata/snapshot.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import type { Document } from "./environment.ts";

const TEMPLATE = readFileSync(new URL("../../templates/keepalived.conf.njk", import.meta.url), "utf8");
const SETTINGS = parseSettings({ VIRTUAL_IP: "10.255.255.1", CHECK_PORT: "80" });
const CONF_PATHS = confPathsIn("/run/rancher-keepalived");
export const GRACE_MS = SETTINGS.agent.peerRemovalGraceSeconds * 1_000;

export interface SharedCore {
  /** Membership after the host read the document. */
  learn(before: Membership, document: Document, host: number, nowMs: number): Membership;
  /** Who the members are, as one object for all that know the same ones. */
  rosterOf(membership: Membership): Roster;
}

export interface Roster {
  readonly members: readonly Member[];
  readonly hostUuids: ReadonlySet<string>;
}

export function shareCore(): SharedCore {
  const settled = new Map<readonly Member[], Membership>();
  const rosters = new Map<string, Roster>();
  const known = new WeakMap<Membership, Roster>();
  let folds = new Map<Membership, Map<readonly Member[], Membership>>();
  let foldsMs = Number.NaN;

  const fold = (before: Membership, listed: readonly Member[], isComplete: boolean, nowMs: number) => {
    const updated = updateMembership(before, listed, { nowMs, graceMs: GRACE_MS, isComplete });
    // a host without a container runs no VRRP, and says so at once when it is asked
    const stopped = new Set(
      updated.flatMap(({ phase, member }) => (phase === "missing" ? member.hostUuid : [])),
    );
    const after = withoutStopped(updated, stopped, GRACE_MS, nowMs);
    // nobody is missing and nothing is remembered: one such membership is like another
    if (!isSettled(after, listed)) return after;
    const same = settled.get(listed) ?? after;
    settled.set(listed, same);
    return same;
  };

  return {
    learn: (before, document, host, nowMs) => {
      const snapshot = document.snapshotOf(host);
      const isComplete = listsOwnContainer(snapshot);
      if (!document.isListed(host) || !isComplete) {
        return fold(before, listMembers(snapshot), isComplete, nowMs);
      }
      const { members } = document;
      if (settled.get(members) === before) return before;
      if (foldsMs !== nowMs) [folds, foldsMs] = [new Map(), nowMs];
      const ofBefore = folds.get(before) ?? new Map<readonly Member[], Membership>();
      folds.set(before, ofBefore);
      const after = ofBefore.get(members) ?? fold(before, members, isComplete, nowMs);
      ofBefore.set(members, after);
      return after;
    },
    rosterOf: (membership) => {
      const before = known.get(membership);
      if (before !== undefined) return before;
      const members = membership.map(({ member }) => member);
      const hostUuids = members.map(({ hostUuid }) => hostUuid);
      // no host changes its address here, so that members are who they are by their uuids
      const key = hostUuids.join();
      const roster = rosters.get(key) ?? { members, hostUuids: new Set(hostUuids) };
      rosters.set(key, roster);
      known.set(membership, roster);
      return roster;
    },
  };
}

function isSettled(membership: Membership, listed: readonly Member[]): boolean {
  return (
    membership.length === listed.length &&
    membership.every(
      ({ member, phase, formerSinceMs }) =>
        phase === "listed" && member.formerAddresses.length === 0 && Object.keys(formerSinceMs).length === 0,
    )
  );
}

/** The text of keepalived.conf of a host that knows these members. */
export function textFor(host: Host, members: readonly Member[]): string {
  const { group } = resolveGroup("main", SETTINGS, host.labels, {});
  const address = { address: host.agentIp, prefix: 8, isSecondary: false };
  const { instance } = deriveInstance(group, {
    group: "main",
    hostUuid: host.uuid,
    agentIp: host.agentIp,
    members,
    network: {
      interfaces: [{ name: "eth0", index: 2, isLoopback: false, addresses: [address] }],
      defaultRoute: { ipv4: "eth0" },
    },
  });
  return renderConf(TEMPLATE, { routerId: deriveRouterId(host.hostname), instances: [instance] }, CONF_PATHS);
}
