/** What an earlier run left is gone before keepalived is asked for: only then may this host answer for its VIPs again. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { env } from "node:process";
import { execa } from "execa";
import { expect, it, onTestFinished, vi } from "vitest";
import { confPathsIn } from "../../../src/conf/paths.ts";
import { openKeepalived } from "../../../src/keepalived/io/keepalived.ts";
import { parseSettings } from "../../../src/settings/settings.ts";
import { openStateDir } from "../../../src/system/io/state-dir.ts";
import { openLab, VIP } from "./lab.ts";

it("a VIP of an earlier run is removed without a start of keepalived, and told", async () => {
  const lab = await openLab();
  onTestFinished(lab.remove);
  await lab.ip("address", "add", `${VIP}/32`, "dev", "eth0");
  // the code runs outside of the namespace, and finds an `ip` that works inside
  const { stdout: ip } = await execa("which", ["ip"]);
  const { PATH } = env;
  const inside = path.join(lab.dir, "inside");
  await mkdir(inside);
  await writeFile(path.join(inside, "ip"), `#!/bin/sh\nexec ${ip} -n ${lab.namespace} "$@"\n`, {
    mode: 0o755,
  });
  vi.stubEnv("PATH", `${inside}:${PATH}`);
  const stateDir = await openStateDir(path.join(lab.dir, "state"));
  await stateDir.write("addresses.json", [VIP]);
  const end = new AbortController();
  const keepalived = await openKeepalived({
    settings: parseSettings({ VIRTUAL_IP: VIP }),
    stateDir,
    confPaths: confPathsIn(stateDir.path),
    startedAt: "2026-11-30T12:00:00Z",
    report: { problem: () => undefined, problems: () => undefined, ok: () => undefined },
    onStatus: () => undefined,
    onHeldVips: () => undefined,
    beforeStart: async () => undefined,
    onLine: () => undefined,
    onStates: () => undefined,
    onInstances: () => undefined,
    onPreviousOwner: () => undefined,
    onEnd: () => undefined,
    log: lab.log,
    signal: end.signal,
  });
  await keepalived.leftoversGone;

  expect(await lab.hasVip()).toBe(false);
  expect(lab.logged).toContainEqual(
    expect.objectContaining({ address: VIP, msg: "leftover virtual IP removed" }),
  );
  end.abort();
  await keepalived.run(() => undefined);
});
