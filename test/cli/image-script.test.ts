/** What `rancher-keepalived` in the image finds of the image's build: the program's compiled functions. */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { expect, it, onTestFinished } from "vitest";

const IMAGE = path.join(import.meta.dirname, "..", "..", "image");
const NODE_FOLDER = path.dirname(process.execPath);
/** Stands for the bundle: it says what it was started with. */
const PROGRAM = `console.log(JSON.stringify({ compiled: process.env.NODE_COMPILE_CACHE, flags: process.execArgv }));\n`;
/** What Node says on this variable's account where it took compiled functions, and compiled nothing. */
const ACCEPTED = /V8 code cache for ESM \S+rancher-keepalived\.mjs was accepted/;

interface Started {
  readonly compiled: string;
  readonly flags: readonly string[];
  readonly isAccepted: boolean;
}

/** The scripts with folders of this test instead of the image's. */
function install() {
  const folder = mkdtempSync(path.join(tmpdir(), "rk-image-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const compiled = path.join(folder, "compiled");
  mkdirSync(path.join(folder, "dist"));
  writeFileSync(path.join(folder, "dist", "rancher-keepalived.mjs"), PROGRAM);
  const script = readFileSync(path.join(IMAGE, "rancher-keepalived.sh"), "utf8");
  const here = script.replaceAll("/usr/local/lib/rancher-keepalived", folder);
  const program = path.join(folder, "rancher-keepalived");
  writeFileSync(program, here, { mode: 0o755 });
  copyFileSync(path.join(IMAGE, "compile.sh"), path.join(folder, "compile.sh"));
  mkdirSync(path.join(folder, "image"));
  copyFileSync(path.join(IMAGE, "old-docker.pl"), path.join(folder, "image", "old-docker.pl"));
  const env = { PATH: `${folder}:${NODE_FOLDER}:${process.env["PATH"]}` };
  const start = async (command: string): Promise<Started> => {
    const debug = { ...env, NODE_DEBUG_NATIVE: "COMPILE_CACHE" };
    const { stdout, stderr } = await execa(program, [command], { env: debug });
    const line = stdout.split("\n").find((each) => each.startsWith("{"))!;
    return { ...JSON.parse(line), isAccepted: ACCEPTED.test(stdout + stderr) };
  };
  return { compiled, start, compile: () => execa("sh", [path.join(folder, "compile.sh")], { env }) };
}

const filesIn = (folder: string) => readdirSync(folder, { recursive: true, withFileTypes: true });

it.each(["run", "status"])("%s takes the functions that the image's build compiled", async (command) => {
  const { compiled, start, compile } = install();
  await compile();
  const files = filesIn(compiled).filter((entry) => entry.isFile());
  expect(files).toHaveLength(2); // for the agent's options and for those of a command

  const started = await start(command);

  expect(started.compiled).toBe(compiled);
  expect(started.isAccepted).toBe(true);
  expect(started.flags.includes("--no-node-snapshot")).toBe(command === "run");
});

it("starts where nothing was compiled, or it is damaged", async () => {
  const { compiled, start, compile } = install();

  expect((await start("run")).isAccepted).toBe(false);

  await compile();
  for (const entry of filesIn(compiled)) {
    if (entry.isFile()) writeFileSync(path.join(entry.parentPath, entry.name), "not compiled");
  }
  expect((await start("run")).isAccepted).toBe(false);
});

it("starts where nothing can be kept", async () => {
  const { compiled, start } = install();
  writeFileSync(compiled, "a file in the folder's place");

  expect((await start("status")).isAccepted).toBe(false);
});
