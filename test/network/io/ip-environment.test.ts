/** `ip` gets none of the agent's secrets, whatever it is asked to do. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import {
  addAddress,
  deleteAddress,
  findAddresses,
  findRoute,
  mayRouteByPolicy,
  observeAddresses,
  readNetwork,
} from "../../../src/network/io/iproute.ts";

const VIP = { interface: "eth0", address: "198.51.100.50", prefix: 32 };
const SECRET = "a secret of the agent";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-ip-"));
  const script = `#!/bin/sh\n/usr/bin/env >>${folder}/environment\necho "[]"\n`;
  await writeFile(path.join(folder, "ip"), script, { mode: 0o755 });
  vi.stubEnv("PATH", `${folder}:/usr/bin:/bin`);
  vi.stubEnv("AUTH_PASS", SECRET);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

it.each<{ what: string; run: () => Promise<unknown> }>([
  { what: "the network is read", run: () => readNetwork("198.51.100.1") },
  { what: "a route is asked for", run: () => findRoute("198.51.100.1") },
  { what: "the rules of routes are asked for", run: () => mayRouteByPolicy() },
  { what: "addresses are found", run: () => findAddresses(new Set([VIP.address])) },
  { what: "addresses are observed", run: () => observeAddresses(new Set([VIP.address])) },
  { what: "an address is added", run: () => addAddress(VIP) },
  { what: "an address is removed", run: () => deleteAddress(VIP) },
])("when $what", async ({ run }) => {
  await run().catch(() => undefined);
  const environment = await readFile(path.join(folder, "environment"), "utf8");

  expect(environment).toContain("LC_ALL=C");
  expect(environment).not.toContain(SECRET);
});
