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

const RECORDS = [
  { record: [VIP], isLeft: false, what: "is removed without a start of keepalived, and told" },
  {
    record: undefined,
    isLeft: true,
    what: "that no record names may be left: the gate's tag is not set for it",
  },
];

it.each(RECORDS)("a VIP of an earlier run $what", async ({ record, isLeft }) => {
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
  if (record !== undefined) await stateDir.write("addresses.json", record);
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

  expect(await keepalived.leftoversGone).toBe(!isLeft);
  expect(await lab.hasVip()).toBe(isLeft);
  const removal = expect.objectContaining({ address: VIP, msg: "leftover virtual IP removed" });
  if (isLeft) expect(lab.logged).not.toContainEqual(removal);
  else expect(lab.logged).toContainEqual(removal);
  end.abort();
  await keepalived.run(() => undefined);
});
