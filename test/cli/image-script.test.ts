/** What `rancher-keepalived` in the image keeps of one command for the next: the program's compiled functions. */
import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { expect, it, onTestFinished } from "vitest";

const SCRIPT = path.join(import.meta.dirname, "..", "..", "image", "rancher-keepalived.sh");
const NODE_FOLDER = path.dirname(process.execPath);
/** Stands for the bundle: it says what it was started with. */
const PROGRAM = `console.log(JSON.stringify({ kept: process.env.NODE_COMPILE_CACHE, flags: process.execArgv }));\n`;

interface Started {
  readonly kept?: string;
  readonly flags: readonly string[];
}

/** The script with folders of this test instead of the image's. */
function install() {
  const folder = mkdtempSync(path.join(tmpdir(), "rk-image-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [script, compiled] = [path.join(folder, "script"), path.join(folder, "compiled")];
  mkdirSync(path.join(folder, "dist"));
  writeFileSync(path.join(folder, "dist", "rancher-keepalived.mjs"), PROGRAM);
  const text = readFileSync(SCRIPT, "utf8")
    .replaceAll("/usr/local/lib/rancher-keepalived", folder)
    .replaceAll("/run/rancher-keepalived-compiled", compiled);
  writeFileSync(script, text);
  const start = async (command: string): Promise<Started> => {
    const env = { PATH: `${NODE_FOLDER}:${process.env["PATH"]}` };
    const { stdout } = await execa("sh", [script, command], { env });
    return JSON.parse(stdout) as Started;
  };
  return { compiled, start };
}

it("keeps what a command compiled, in a directory that the agent made for root alone", async () => {
  const { compiled, start } = install();
  const agent = await start("run");

  expect(agent.kept).toBeUndefined();
  expect(agent.flags).toContain("--no-node-snapshot");
  expect(statSync(compiled).mode & 0o777).toBe(0o700);
  expect(readdirSync(compiled)).toEqual([]);

  const command = await start("status");
  expect(command.kept).toBe(compiled);
  expect(command.flags).not.toContain("--no-node-snapshot");
  expect(
    readdirSync(compiled, { recursive: true, withFileTypes: true }).some((entry) => entry.isFile()),
  ).toBe(true);

  // a container that starts again finds it
  expect((await start("run")).kept).toBeUndefined();
  expect((await start("status")).kept).toBe(compiled);
});

it("keeps nothing where no agent made the directory, or a link is in its place", async () => {
  const { compiled, start } = install();

  expect((await start("status")).kept).toBeUndefined();

  mkdirSync(compiled);
  chownSync(compiled, 65_534, 65_534);
  await start("run");
  expect((await start("status")).kept).toBeUndefined();

  rmdirSync(compiled);
  symlinkSync(tmpdir(), compiled);
  await start("run");
  expect((await start("status")).kept).toBeUndefined();
});
