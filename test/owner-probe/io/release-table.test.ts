import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execPath } from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it, type TestContext, vi } from "vitest";
import { sendSignal } from "../../fixtures/send-signal.ts";

const PROGRAM = fileURLToPath(new URL("./release-table-program.ts", import.meta.url));
const TABLE = "table ip rancher_keepalived_owner_release_";

let labs = 0;

/** @param programs that the keeper finds on its PATH. @param nftScript what stands for nft; undefined for none. */
async function open(context: TestContext, programs: readonly string[], nftScript?: string) {
  labs += 1;
  const namespace = `rkr-${process.pid}-${labs}`;
  const bin = await mkdtemp(path.join(tmpdir(), "release-table-"));
  await execa("ip", ["netns", "add", namespace]);
  for (const program of programs)
    await symlink((await execa("which", [program])).stdout, path.join(bin, program));
  const standIn = async (script: string) => {
    await rm(path.join(bin, "nft"), { force: true });
    await writeFile(path.join(bin, "nft"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  };
  if (nftScript !== undefined) await standIn(nftScript);
  const inside = [`--net=/run/netns/${namespace}`, "--"];
  const nsenter = (await execa("which", ["nsenter"])).stdout;
  const child = spawn(nsenter, [...inside, execPath, PROGRAM], {
    env: { PATH: bin },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const pids = async () => {
    const { stdout } = await execa("ip", ["netns", "pids", namespace], { reject: false });
    return stdout.split("\n").filter(Boolean).map(Number);
  };
  context.onTestFinished(async () => {
    for (const pid of await pids()) sendSignal(pid, "SIGKILL");
    await execa("ip", ["netns", "del", namespace], { reject: false });
    await rm(bin, { recursive: true, maxRetries: 20 });
  });
  const lines: { readonly isUp: boolean; readonly problem?: string }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(JSON.parse(line)));
  const tables = async () => {
    const { stdout } = await execa("nsenter", [...inside, "nft", "list", "tables"]);
    return stdout.split("\n").filter((line) => line.startsWith(TABLE)).length;
  };
  const until = (isSo: () => Promise<boolean> | boolean) =>
    vi.waitUntil(isSo, { timeout: 30_000, interval: 50 });
  return {
    pid: child.pid ?? 0,
    pids,
    lines,
    tables,
    until,
    standIn,
    hasHung: () => existsSync(path.join(bin, "nft.hangs")),
  };
}

it("keeps the table, makes it again where its process ends, and leaves none behind when it is killed", async (context) => {
  const { pid, pids, lines, tables, until } = await open(context, ["setpriv", "sh", "nft"]);
  await until(() => lines.at(-1)?.isUp === true);
  expect(await tables()).toBe(1);

  const [keeper = 0] = (await pids()).filter((each) => each !== pid);
  sendSignal(keeper, "SIGKILL");
  await until(() => lines.length === 3);
  expect(lines.map(({ isUp }) => isUp)).toEqual([true, false, true]);
  expect(await tables()).toBe(1);

  sendSignal(pid, "SIGKILL");
  await until(async () => (await tables()) === 0);
});

it("says why there is none", async (context) => {
  const { lines, until } = await open(context, ["setpriv", "sh"]);
  await until(() => lines.length > 0);

  expect(lines).toEqual([{ isUp: false, problem: expect.stringContaining("nft") }]);
});

it("says why where nft has no interactive mode, and has the table once it has one", async (context) => {
  const nft = (await execa("which", ["nft"])).stdout;
  const plain = `[ "$1" != -i ] || { echo "no interactive mode" >&2; exit 1; }\nexec ${nft} "$@"`;
  const { lines, tables, until, standIn } = await open(context, ["setpriv", "sh"], plain);
  await until(() => lines.at(-1)?.problem?.includes("no interactive mode") === true);
  expect(lines.filter(({ isUp }) => isUp)).toEqual([]);

  await standIn(`exec ${nft} "$@"`);
  await until(() => lines.at(-1)?.isUp === true);
  expect([lines.at(-1)?.problem, await tables()]).toEqual([undefined, 1]);
});

it("replaces a process that hangs before it has made the table", async (context) => {
  const nft = (await execa("which", ["nft"])).stdout;
  const hung = `[ "$1" != -i ] || { echo >"$0.hangs"; exec sleep 600; }\nexec ${nft} "$@"`;
  const { lines, until, standIn, hasHung } = await open(context, ["setpriv", "sh", "sleep"], hung);
  await until(hasHung);
  await standIn(`exec ${nft} "$@"`);
  await until(() => lines.at(-1)?.isUp === true);
});
