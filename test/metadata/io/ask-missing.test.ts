import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import { expect, it, onTestFinished } from "vitest";
import { createAskMissing } from "../../../src/metadata/io/ask-missing.ts";
import { createMetadataStore } from "../../../src/metadata/io/store.ts";
import { openStateDir } from "../../../src/system/io/state-dir.ts";
import { viewOf } from "../../fixtures/groups.ts";

it("drops a missing member whose host runs no VRRP for the next run of the agent, too", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "rk-ask-missing-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }));
  const open = async () => createMetadataStore(await openStateDir(folder), 0);
  const metadata = await open();
  const { snapshot } = viewOf({});
  const [self, peer] = snapshot.hosts;
  const [ownContainer] = snapshot.service.containers;
  const service = { ...snapshot.service, containers: [ownContainer!] };
  for (const reading of [snapshot, { ...snapshot, service }, { ...snapshot, service }])
    metadata.addReading(reading, performance.now());
  await metadata.save();
  expect((await open()).memberUuids).toEqual([self!.uuid, peer!.uuid]);

  const { promise, resolve } = Promise.withResolvers<void>();
  createAskMissing({
    metadata,
    findHostsWithoutVrrp: async (addresses) => new Set(addresses),
    onLeft: resolve,
    log: pino({ enabled: false }),
  })();
  await promise;
  expect(metadata.memberUuids).toEqual([self!.uuid]);

  // it is saved after the peers were told
  while ((await open()).memberUuids.length > 1) await sleep(20);
});

it("asks nobody at docker0's address, which is this host's own, too", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "rk-ask-missing-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }));
  const metadata = await createMetadataStore(await openStateDir(folder), 0);
  const { snapshot } = viewOf({});
  const [self, peer] = snapshot.hosts;
  const [ownContainer] = snapshot.service.containers;
  const service = { ...snapshot.service, containers: [ownContainer!] };
  const onDocker = { ...snapshot, hosts: [self!, { ...peer!, agentIp: "172.17.0.1" }] };
  for (const reading of [onDocker, snapshot, { ...snapshot, service }, { ...snapshot, service }])
    metadata.addReading(reading, performance.now());

  const asked: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  createAskMissing({
    metadata,
    findHostsWithoutVrrp: async (addresses) => {
      asked.push(...addresses);
      return new Set(addresses.filter((address) => address !== "172.17.0.1"));
    },
    onLeft: resolve,
    log: pino({ enabled: false }),
  })();
  await promise;

  expect(asked).toEqual([peer!.agentIp]);
  expect(metadata.memberUuids).toEqual([self!.uuid]);
});
