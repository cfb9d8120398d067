/** An owner that metadata misses, and a host that starts beside it without memory: it listens, and backs the owner up. */
import { mkdirSync, rmSync } from "node:fs";
import { expect, it } from "vitest";
import type { Host } from "../lab/host.ts";
import type { MetadataContainer, MetadataHost } from "../lab/metadata-document.ts";
import { until } from "../lab/until.ts";
import { peersOf, settled, startAll, stateOf, useLab, VIP } from "../scenario.ts";

const SOON_MS = 60_000;

const used = useLab({ hosts: 2 });

/** The host's next agent remembers nothing of an earlier one. */
async function forget(host: Host): Promise<void> {
  await host.stopAgent();
  rmSync(host.stateFolder, { recursive: true });
  mkdirSync(host.stateFolder);
}

it("comes up", async () => {
  await startAll(used.lab);
});

it.each([
  {
    what: "its container is stopping",
    change: (container: MetadataContainer) => ({ ...container, state: "stopping" }),
  },
  {
    what: "its container is restarting",
    change: (container: MetadataContainer) => ({ ...container, state: "restarting" }),
  },
  {
    what: "its container is in error",
    change: (container: MetadataContainer) => ({ ...container, state: "error" }),
  },
  { what: "its container is absent", change: () => undefined },
  {
    what: "its container is absent, its host inactive",
    change: () => undefined,
    host: { state: "inactive", agent_state: "disconnected" },
  },
])("stays owner beside a host that starts while $what", async ({ change, host: hostChange }) => {
  const { lab } = used;
  const owner = await settled(lab);
  const other = lab.hosts.find((host) => host !== owner) as Host;
  const truth = structuredClone(lab.metadata.document);
  await forget(other);
  lab.metadata.publish((document) => {
    const host = document.hosts.find(({ name }) => name === owner.name) as MetadataHost;
    Object.assign(host, hostChange);
    document.containers = document.containers.flatMap((container) =>
      container.host_uuid === host.uuid ? (change(container) ?? []) : container,
    );
  });
  const sinceMs = Date.now();
  await other.startAgent();

  await until(() => peersOf(other).includes(owner.address), SOON_MS, "the owner is a peer");
  await until(async () => (await stateOf(other)) === "BACKUP", SOON_MS, "the host backs the owner up");
  expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
  expect(await lab.holders(VIP)).toEqual([owner.name]);
  lab.metadata.publish((document) => void Object.assign(document, truth));
});
