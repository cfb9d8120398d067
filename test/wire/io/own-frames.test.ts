/** Which frames with this host's own MAC come from the wire: a twin's, and no others, whatever lies on the interface. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Listening, openWireLab, type WireLab } from "./lab.ts";

const MAC = "02:00:00:00:00:01";

let lab: WireLab;
beforeEach(async () => {
  lab = await openWireLab();
  await lab.ip("here", "link", "set", "eth0", "address", MAC);
});
afterEach(() => lab.remove());

async function listenOn(interfaceName: string): Promise<Listening> {
  const listening = lab.start("here", { interfaceName });
  await listening.listening();
  const target = {
    interface: interfaceName,
    mac: MAC,
    linkLocal: undefined,
    guardedAddresses: [],
    askedAddresses: [],
    rivals: [],
  };
  listening.setPlan({ targets: [target], members: [], knownFrames: [], pace: "quiet" });
  await expect.poll(async () => (await listening.report()).isPlanInForce).toBe(true);
  return listening;
}

it("a twin's", async () => {
  const listening = await listenOn("eth0");
  await lab.ip("there", "link", "set", "eth0", "address", MAC);
  await lab.run("there", "ping", "-c", "2", "-W", "1", "198.51.100.77").catch(() => undefined);

  const claims = async () => (await listening.report()).claims.map(({ address, mac }) => `${address} ${mac}`);
  await expect.poll(claims).toContain(`198.51.100.11 ${MAC}`);
});

it.each([
  { what: "a bridge over the interface", device: "br0", listenTo: "br0" },
  { what: "a macvlan", device: "sub0", listenTo: "eth0" },
])("not this host's own, with $what", async ({ device, listenTo }) => {
  if (device === "br0") {
    await lab.ip("here", ..."link add br0 type bridge".split(" "));
    await lab.ip("here", "link", "set", "br0", "address", MAC, "up");
    await lab.ip("here", ..."link set eth0 master br0".split(" "));
  } else {
    await lab.ip("here", ..."link add link eth0 name sub0 type macvlan mode bridge".split(" "));
    await lab.ip("here", ..."link set sub0 up".split(" "));
  }
  await lab.ip("here", "address", "add", "203.0.113.10/24", "dev", device);
  const listening = await listenOn(listenTo);
  await lab.run("here", "ping", "-c", "2", "-W", "1", "-I", device, "203.0.113.99").catch(() => undefined);
  await lab.run("here", "ping", "-c", "2", "-W", "1", "198.51.100.77").catch(() => undefined);

  expect((await listening.report()).frames).toEqual([]);
});
