/**
 * Two machines that are taken for one host, by a setting or as clones. With one MAC address the network delivers to one of them
 * only, so both own the VIP.
 */
import { expect, it } from "vitest";
import type { Host } from "../lab/host.ts";
import { uuidOf } from "../lab/lab-ids.ts";
import { removeHost } from "../lab/metadata-changes.ts";
import type { MetadataDocument } from "../lab/metadata-document.ts";
import { until } from "../lab/until.ts";
import { statusOf, useLab, VIP } from "../scenario.ts";

const used = useLab({ hosts: 2 });
const SOON_MS = 120_000;
const MAC = "02:00:00:00:00:77";

it("one of two that start at once as one host of metadata owns the VIP, and the other says what to set", async () => {
  const { lab } = used;
  const [first, second] = lab.hosts as [Host, Host];
  const truth = structuredClone(lab.metadata.document);
  const forget = (document: MetadataDocument) => removeHost(document, second.name);
  await lab.metadata.publishAndSee(forget, { selfOf: first.name });
  const HOST_UUID = uuidOf(`host ${first.name}`);
  const sinceMs = Date.now();
  await Promise.all([first, second].map((host) => host.startAgent({ HOST_UUID })));

  const adviceOf = async (host: Host) => (await statusOf(host))?.problems.map(({ message }) => message) ?? [];
  const isNamed = async () =>
    (await adviceOf(second)).some((text) => text.includes("set HOST_UUID per host"));
  await until(isNamed, SOON_MS, "the second host says what to set");
  expect(await lab.holders(VIP)).toEqual([first.name]);
  expect(lab.ownership.doubleOwnership(VIP, sinceMs)).toBe(0);

  await Promise.all([first, second].map((host) => host.stopAgent()));
  lab.metadata.publish((document) => void Object.assign(document, truth));
});

it("each names the other where both have one MAC address, and none is well", async () => {
  const hosts = used.lab.hosts as [Host, Host];
  await Promise.all(hosts.map((host) => host.run(["ip", "link", "set", "eth0", "address", MAC])));
  await Promise.all(hosts.map((host) => host.startAgent()));

  await Promise.all(
    hosts.map(async (host, index) => {
      const twin = hosts[1 - index]!;
      const isNamed = async () =>
        (await statusOf(host))?.splitBrain.find(
          ({ cause, address }) => cause === "same-mac" && address === twin.address,
        );
      const suspicion = await until(isNamed, SOON_MS, `${host.name} names its twin`);
      process.stdout.write(`measured: ${host.name} says ${suspicion.text}\n`);
      expect(suspicion).toMatchObject({ group: "main", mac: MAC });
    }),
  );
});
