/** The rules of one backend after those of the other, where nft fails for a while, as on a machine that is too busy for it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it, onTestFinished } from "vitest";

const NAMESPACE = `rk${process.pid}raw`;
const PROGRAM = fileURLToPath(new URL("./notrack-program.ts", import.meta.url));
const LEGACY = ["iptables-legacy", "iptables-legacy-restore", "ip6tables-legacy", "ip6tables-legacy-restore"];
const POLL = { interval: 100 };

it("goes back to nft once that works again, and leaves no rule of either when it closes", async () => {
  const bin = await mkdtemp(path.join(tmpdir(), "notrack-"));
  await execa("ip", ["netns", "add", NAMESPACE]);
  onTestFinished(async () => {
    await execa("ip", ["netns", "del", NAMESPACE]);
    await rm(bin, { recursive: true, maxRetries: 20 });
  });
  const link = async (program: string) => {
    await rm(path.join(bin, program), { force: true });
    await symlink((await execa("which", [program])).stdout, path.join(bin, program));
  };
  for (const program of ["setpriv", "nft", ...LEGACY]) await link(program);
  const inside = async (...command: string[]) => {
    const { stdout } = await execa("ip", ["netns", "exec", NAMESPACE, ...command], { reject: false });
    return stdout;
  };
  /** The backends that have rules. */
  const inForce = async () => {
    const [nft, legacy] = [
      await inside("nft", "list", "tables"),
      await inside("iptables-legacy", "-t", "raw", "-S"),
    ];
    return [
      ...(nft.includes("rancher_keepalived_notrack") ? ["nft"] : []),
      ...(legacy.includes("rancher-keepalived") ? ["legacy"] : []),
    ];
  };
  const command = ["netns", "exec", NAMESPACE, "env", `PATH=${bin}`, process.execPath, PROGRAM];
  const agent = spawn("ip", command, { stdio: ["pipe", "inherit", "inherit"] });
  onTestFinished(() => void agent.kill("SIGKILL"));
  const ended = once(agent, "exit");
  await expect.poll(inForce, POLL).toEqual(["nft"]);

  await rm(path.join(bin, "nft"));
  await writeFile(path.join(bin, "nft"), "#!/bin/sh\nexit 1\n");
  await chmod(path.join(bin, "nft"), 0o755);
  agent.stdin.write("check\n");
  await expect.poll(inForce, POLL).toEqual(["nft", "legacy"]);

  await link("nft");
  agent.stdin.write("check\n");
  await expect.poll(inForce, POLL).toEqual(["nft"]);

  agent.stdin.write("close\n");
  expect(await ended).toEqual([0, null]);
  expect(await inForce()).toEqual([]);
});
