/** A host without memory that starts in the middle of a planned change: it is no second owner. */
import { mkdirSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Host } from "./lab/host.ts";
import { setServiceMetadata } from "./lab/metadata-changes.ts";
import { until } from "./lab/until.ts";
import { calm, pastStartup, statusOf, useLab, VIP } from "./scenario.ts";

const used = useLab({ hosts: 2 });
const SOON_MS = 90_000;
/** keepalived would have become owner by then. */
const ELECTION_MS = 1_500;
/** It is 0 but where the machine stalls. A host that did not wait would be a second owner for longer than ELECTION_MS. */
const STALL_MS = 1_000;

it("waits for the owner that has not heard of the change of VRID", async () => {
  const { lab } = used;
  lab.metadata.publish((document) => setServiceMetadata(document, { virtual_ip: VIP, vrid: 51 }));
  await Promise.all(lab.hosts.map((host) => host.startAgent({ VIRTUAL_IP: undefined })));
  const owner = await calm(lab);
  const other = lab.hosts.find((host) => host !== owner) as Host;

  await other.stopAgent();
  rmSync(other.stateFolder, { recursive: true, maxRetries: 20 });
  mkdirSync(other.stateFolder);
  const sinceMs = Date.now();
  lab.metadata.publish((document) => setServiceMetadata(document, { virtual_ip: VIP, vrid: 52 }), {
    only: [other.name],
  });
  await other.startAgent({ VIRTUAL_IP: undefined });
  await until(
    async () =>
      (await statusOf(other))?.health[0]?.heldBy?.includes(
        `${owner.address} owns its VIPs as before. Its adverts differ: their VRID is 51`,
      ),
    SOON_MS,
    "the host without memory hears the former group",
  );
  await other.agent.awaitLog(({ msg }) => msg === "planned change of a group begins", { timeoutMs: SOON_MS });
  await other.agent.awaitLog(({ msg }) => msg === "keepalived started", { timeoutMs: SOON_MS });
  await pastStartup([other]);
  await sleep(ELECTION_MS);
  expect(await lab.holders(VIP)).toEqual([owner.name]);

  lab.metadata.publish((document) => setServiceMetadata(document, { virtual_ip: VIP, vrid: 52 }), {
    only: [owner.name],
  });
  await until(() => owner.conf()?.includes("virtual_router_id 52"), SOON_MS, "the owner has changed, too");
  await calm(lab);
  const doubleMs = lab.ownership.doubleOwnership(VIP, sinceMs);
  process.stdout.write(
    `measured: started without memory in a change of VRID: two owners for ${doubleMs} ms\n`,
  );
  expect(doubleMs).toBeLessThan(STALL_MS);
});
