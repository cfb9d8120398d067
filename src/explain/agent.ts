/** Explains the agent's own settings, with the values that metadata gives where a setting is not set. */
import { deriveRouterId } from "../groups/derive-instance.ts";
import type { FoundBy } from "../metadata/own-host.ts";
import type { Host, Snapshot } from "../metadata/snapshot.ts";
import { defaultOf, type Row, settingName } from "../settings/row.ts";
import type { Settings } from "../settings/settings.ts";
import { AGENT_ROWS } from "../settings/table-agent.ts";
import type { Shown } from "../settings/value-kind.ts";
import { byName } from "../text/by-name.ts";
import { derivedValue, type ExplainedValue, explainSetting } from "./value.ts";

/** What the agent has read from metadata, and how it found this host there. */
export interface MetadataInput {
  /** `last-good`: metadata does not answer, so the snapshot that an earlier run saved is used. */
  readonly origin: "live" | "last-good" | "off";
  readonly snapshot: Snapshot;
  /** How this host was found in metadata. Undefined where metadata was not read in this run. */
  readonly foundBy: FoundBy | undefined;
}

type AgentKey = keyof typeof AGENT_ROWS;
type Found = Partial<Record<AgentKey, readonly [Shown, string]>>;

/** By name of the setting, and `router_id`. @param templatePath path of the template in use. */
export function explainAgent(
  { agentEnvironment }: Settings,
  metadata: MetadataInput,
  templatePath: string,
): Record<string, ExplainedValue> {
  const found = {
    ...foundInMetadata(metadata),
    templatePath: [templatePath, "it ships with the agent"],
  } as Found;
  const values = (Object.keys(AGENT_ROWS) as AgentKey[]).map((key) => {
    const row: Row = AGENT_ROWS[key];
    const given = agentEnvironment[key];
    const winner = given ?? defaultOf(row);
    const known = explainSetting(row, { winner, candidates: given ? [given] : [], problems: [] });
    const [value, reason] = found[key] ?? [];
    const isFound = winner === undefined && value !== undefined && reason !== undefined;
    return [settingName(row), isFound ? derivedValue(known, row, value, reason) : known] as const;
  });
  return { ...byName(values), router_id: explainRouterId(metadata.snapshot.self) };
}

function foundInMetadata({ origin, snapshot, foundBy }: MetadataInput): Found {
  const { self, service } = snapshot;
  if (origin === "off") return { hostUuid: [self.uuid, "the host name, as there is no metadata"] };
  const isRemembered = origin === "last-good";
  const byService = isRemembered ? "known from an earlier run" : "of the service that lists this container";
  return {
    hostUuid: [self.uuid, hostReason(self, foundBy)],
    stackName: [service.stackName, byService],
    serviceName: [service.name, byService],
  };
}

function hostReason({ name, hostname }: Host, by: FoundBy | undefined): string {
  const called = name || hostname;
  if (by === "address") return `host ${called}: its address in Rancher is one of this machine`;
  if (by === "container") return `host ${called}: it runs the container with this agent's Docker id`;
  if (by === "name") return `host ${called}: its hostname ${hostname} in Rancher is this machine's`;
  return `host ${called}: known from an earlier run`;
}

function explainRouterId({ hostname, name }: Host): ExplainedValue {
  const value = deriveRouterId(hostname || name);
  const reason = `${hostname ? "the hostname" : "the name"} of this host; letters that need quotes are -`;
  const plain = value === (hostname || name) ? reason.replace(/;.*/, "") : reason;
  return {
    value,
    source: { kind: "derived", name: "router_id" },
    reason: plain,
    overridden: [],
    refused: [],
  };
}
