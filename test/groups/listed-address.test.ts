import { describe, expect, it } from "vitest";
import { deriveInstance } from "../../src/groups/derive-instance.ts";
import type { GroupContext } from "../../src/groups/group-context.ts";
import { adviseOnSource } from "../../src/groups/listed-address.ts";
import type { Member } from "../../src/metadata/members.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import { NETWORK } from "../fixtures/groups.ts";

function adviceWithAgentIp(agentIp: string): string | undefined {
  const members = [member(1, agentIp), member(2, "198.51.100.12")];
  const context: GroupContext = { group: "main", hostUuid: "uuid-1", agentIp, members, network: NETWORK };
  const { group } = resolveGroup("main", parseSettings({ VIRTUAL_IP: "198.51.100.50" }), {}, {});
  return adviseOnSource(deriveInstance(group, context).instance, context);
}

function member(number: number, address: string): Member {
  const hostName = `host-${number}`;
  return { hostUuid: `uuid-${number}`, hostName, address, groupAddresses: {}, formerAddresses: [] };
}

describe("adviseOnSource", () => {
  it("warns where the other hosts know this one by another address", () => {
    expect(adviceWithAgentIp("203.0.113.5")).toContain("keepalived.address=198.51.100.11");
    expect(adviceWithAgentIp("198.51.100.11")).toBeUndefined();
  });
});
