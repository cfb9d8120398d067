/** The whole way from what is outside to what is done with it: a text, or a refusal in words. */

import { type ConfPaths, confPathsIn } from "../../src/conf/paths.ts";
import { renderConf } from "../../src/conf/render.ts";
import { verifyConf } from "../../src/conf/verify.ts";
import { AgentError, type ErrorCode } from "../../src/errors.ts";
import { deriveInstance, deriveRouterId } from "../../src/groups/derive-instance.ts";
import { listMembers } from "../../src/metadata/members.ts";
import type { Container, Host, Snapshot } from "../../src/metadata/snapshot.ts";
import { canonicalAddress } from "../../src/network/address.ts";
import type { HostNetwork } from "../../src/network/host-network.ts";
import { parseLinks } from "../../src/network/ip-json.ts";
import { describeProblem, type SettingProblem, SettingsError } from "../../src/settings/problem.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import type { Desired } from "../../src/vrrp/instance.ts";
import type { FuzzCase } from "./fuzz-case.ts";

export type Decision =
  | {
      readonly kind: "accepted";
      readonly text: string;
      readonly desired: Desired;
      readonly confPaths: ConfPaths;
    }
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly message: string };

export interface Decided {
  readonly decision: Decision;
  /** What an operator hears of values that were refused one by one. */
  readonly problems: readonly SettingProblem[];
}

/** Anything that is no AgentError is thrown on: it is a mistake of the product. */
export function decide(template: string, it: FuzzCase): Decided {
  const problems: SettingProblem[] = [];
  try {
    return { decision: accept(template, it, problems), problems };
  } catch (error) {
    if (error instanceof SettingsError) problems.push(...error.problems);
    if (!(error instanceof AgentError)) throw error;
    return { decision: { kind: "refused", code: error.code, message: error.message }, problems };
  }
}

function accept(template: string, it: FuzzCase, problems: SettingProblem[]): Decision {
  const settings = parseSettings(it.env);
  const { self, members } = meet(it);
  const interfaces = parseLinks(it.links);
  const route = interfaces.find(({ isLoopback }) => !isLoopback)?.name ?? "eth0";
  const network: HostNetwork = { interfaces, defaultRoute: { ipv4: route, ipv6: route } };
  const instances = it.groups.map((group, index) => {
    const resolved = resolveGroup(group, settings, self.labels, it.metadata);
    problems.push(...resolved.problems);
    if (resolved.blocking.length > 0) {
      throw new AgentError("SETTING_REFUSED", resolved.blocking.map(describeProblem).join("; "));
    }
    const agentIp = canonicalAddress(self.agentIp);
    const { instance } = deriveInstance(resolved.group, {
      group,
      hostUuid: self.uuid,
      agentIp,
      members,
      network,
    });
    // one environment gives every group the same VRID, and two of them on one interface are no case of ours
    return { ...instance, virtualRouterId: ((instance.virtualRouterId + index - 1) % 255) + 1 };
  });
  const desired = { routerId: deriveRouterId(self.hostname || self.name), instances };
  const confPaths = confPathsIn(settings.agent.stateDir);
  const text = renderConf(template, desired, confPaths);
  verifyConf(text, desired, confPaths);
  return { kind: "accepted", text, desired, confPaths };
}

function meet(it: FuzzCase) {
  const hosts = [it.self, ...it.others].map(
    (host, index): Host => ({
      uuid: `host-${index}`,
      name: host.name,
      hostname: "hostname" in host ? host.hostname : "",
      agentIp: host.agentIp,
      environmentUuid: "",
      labels: index === 0 ? it.labels : { "keepalived.address": it.others[index - 1]?.address ?? "" },
      agentState: "active",
    }),
  );
  const containers = hosts.map(
    (host, index): Container => ({
      uuid: `container-${index}`,
      name: host.name,
      externalId: "",
      state: "running",
      hostUuid: host.uuid,
      primaryIp: "",
      environmentUuid: "",
      createIndex: index,
    }),
  );
  const self = hosts[0]!;
  const service = { stackName: "s", name: "s", metadata: {}, containers };
  const snapshot: Snapshot = { version: "1", self, hosts, service };
  return { self, members: listMembers(snapshot) };
}
