/** Two cloned machines with one MAC address: the network delivers to one of them only, so both own the VIP. */
import { expect, it } from "vitest";
import type { Host } from "../lab/host.ts";
import { until } from "../lab/until.ts";
import { statusOf, useLab } from "../scenario.ts";

const used = useLab({ hosts: 2 });
const SOON_MS = 60_000;
const MAC = "02:00:00:00:00:77";

it("each names the other, and none is well", async () => {
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
