import { expect, it } from "vitest";
import { memberPriorities } from "../../src/groups/member-priorities.ts";
import { derivePriority } from "../../src/groups/shared-numbers.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import { viewOf, WEB } from "../fixtures/groups.ts";

/** The other host is uuid-2. */
function priorityOfPeer(
  env: Readonly<Record<string, string>>,
  keepalived: unknown,
  peerLabels: Readonly<Record<string, string>> = {},
): number | undefined {
  const view = viewOf({ instances: { web: keepalived } });
  const { snapshot } = view;
  const hosts = snapshot.hosts.map((host) =>
    host.uuid === "uuid-2" ? { ...host, labels: peerLabels } : host,
  );
  const [peer, ...others] = memberPriorities("web", parseSettings(env), {
    ...view,
    snapshot: { ...snapshot, hosts },
  });
  expect(others).toEqual([]);
  expect(peer?.addresses).toEqual(["198.51.100.12"]);
  return peer?.priority;
}

it.each([
  { from: "what the peer derives", env: {}, web: WEB, labels: {}, priority: derivePriority("web", "uuid-2") },
  {
    from: "metadata, which is the same for all",
    env: {},
    web: { ...WEB, priority: 7 },
    labels: {},
    priority: 7,
  },
  { from: "the peer's label", env: {}, web: WEB, labels: { "keepalived.priority": "99" }, priority: 99 },
  {
    from: "the peer's label of the group",
    env: {},
    web: WEB,
    labels: { "keepalived.web.priority": "98" },
    priority: 98,
  },
  {
    from: "the environment, before any label",
    env: { PRIORITY: "3" },
    web: WEB,
    labels: { "keepalived.priority": "99" },
    priority: 3,
  },
])("takes $from", ({ env, web, labels, priority }) => {
  expect(priorityOfPeer(env, web, labels)).toBe(priority);
});
