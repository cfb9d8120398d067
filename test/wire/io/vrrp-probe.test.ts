/** Hosts are asked whether they run VRRP, on real kernels. */
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Instance } from "../../../src/vrrp/instance.ts";
import { openWireLab, type WireLab } from "./lab.ts";

const PROGRAM = fileURLToPath(new URL("./vrrp-probe-program.ts", import.meta.url));
const [THERE, THERE_V6] = ["198.51.100.11", "2001:db8::11"];
const [NOBODY, NOBODY_V6] = ["198.51.100.99", "2001:db8::99"];
const ALL = [THERE, THERE_V6, NOBODY, NOBODY_V6];
const INSTANCE: Instance = {
  name: "v4",
  interface: "eth0",
  virtualRouterId: 51,
  priority: 240,
  advertIntervalSeconds: 0.2,
  vrrpVersion: 3,
  preempt: false,
  preemptDelaySeconds: 0,
  unicast: { source: THERE, peers: ["198.51.100.10"], isAlone: false },
  firstVip: { address: "198.51.100.51", prefix: 32 },
  excludedVips: [],
  authPass: undefined,
};
const INSTANCE_V6: Instance = {
  ...INSTANCE,
  name: "v6",
  unicast: { source: THERE_V6, peers: ["2001:db8::10"], isAlone: false },
  firstVip: { address: "2001:db8::51", prefix: 128 },
};
const SOON = { timeout: 30_000 };

let lab: WireLab;
beforeEach(async () => {
  lab = await openWireLab();
  // the kernel tells itself over lo that a neighbour does not answer
  await lab.ip("here", "link", "set", "lo", "up");
});
afterEach(() => lab.remove());

/** The addresses whose hosts run no VRRP, as the host `here` finds out. */
async function withoutVrrp(...addresses: readonly string[]): Promise<string> {
  return lab.run("here", process.execPath, PROGRAM, ...addresses);
}

it("tells a host without VRRP, and one that is not there, from one that runs it", async () => {
  await expect(withoutVrrp(...ALL)).resolves.toBe(ALL.toSorted().join(" "));

  await lab.keepalived("there", [INSTANCE, INSTANCE_V6]);
  const nobody = [NOBODY, NOBODY_V6].toSorted().join(" ");
  await expect.poll(() => withoutVrrp(...ALL), SOON).toBe(nobody);
});

it("takes a host that answers nothing for one that may run VRRP", async () => {
  await lab.run("there", "iptables", "-A", "INPUT", "-p", "112", "-j", "DROP");

  await expect(withoutVrrp(THERE)).resolves.toBe("");
});

it("finds out nothing where this host may not send", async () => {
  await lab.run("here", "iptables", "-A", "OUTPUT", "-p", "112", "-j", "DROP");

  await expect(withoutVrrp(THERE)).resolves.toBe("");
});
