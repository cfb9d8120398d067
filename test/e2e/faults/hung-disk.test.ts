/** A disk of STATE_DIR that hangs, as storage over a network does: neither reading nor writing ends until it answers again. */
import path from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { isBtrfsThere, mountBtrfs } from "../../system/io/small-btrfs.ts";
import type { Host } from "../lab/host.ts";
import { until } from "../lab/until.ts";
import { statusOf, useLab, VIP } from "../scenario.ts";
import { SOON_MS } from "./course.ts";

const used = useLab({ hosts: 2 });

it.runIf(isBtrfsThere)("gives the VIP away where its ports are gone, though no file can say so", async () => {
  const { lab } = used;
  const [first, second] = lab.hosts as [Host, Host];
  const disk = await mountBtrfs();
  let isFrozen = false;
  const thaw = async () => {
    if (isFrozen) await execa("fsfreeze", ["--unfreeze", disk.path]);
    isFrozen = false;
  };
  try {
    for (const host of lab.hosts) await host.publishPorts([{ port: 80, protocol: "tcp" }]);
    await first.startAgent({ CHECK_PORT: "80", STATE_DIR: path.join(disk.path, "state") });
    await until(async () => (await lab.owner(VIP)) === first, SOON_MS, "the first host has the VIP");
    await second.startAgent({ CHECK_PORT: "80" });
    const isSpare = async () => (await statusOf(second))?.instances[0]?.state === "BACKUP";
    await until(isSpare, SOON_MS, "the second host can take over");

    await execa("fsfreeze", ["--freeze", disk.path]);
    isFrozen = true;
    await first.publishPorts([]);

    await until(async () => (await lab.owner(VIP)) === second, SOON_MS, "the second host has the VIP");
    await thaw();
    await first.publishPorts([{ port: 80, protocol: "tcp" }]);
    const isBack = async () => {
      const status = await statusOf(first);
      return status?.keepalived.isRunning === true && status.problems.length === 0;
    };
    await until(isBack, SOON_MS, "the first host is well again");
    expect(await lab.owner(VIP)).toBe(second);
  } finally {
    await thaw();
    await first.stopAgent();
    await disk.remove();
  }
});
