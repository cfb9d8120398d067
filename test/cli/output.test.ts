/** The built file where its output cannot go anywhere, and on a Node that is too old. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const PROGRAM = path.join(import.meta.dirname, "..", "..", "dist", "rancher-keepalived.mjs");
/** What a Node of that version says of itself. */
const OLD_NODE = `data:text/javascript,${encodeURIComponent(
  'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })',
)}`;

async function run(args: readonly string[], stdout: number | "pipe" = "pipe") {
  const child = spawn(process.execPath, args, { stdio: ["ignore", stdout, "pipe"] });
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  child.stdout?.destroy();
  const [exitCode] = await once(child, "close");
  return { exitCode, errors };
}

it("says in one line that the disk is full", async () => {
  const full = openSync("/dev/full", "w");
  const ended = await run([PROGRAM, "help"], full);
  closeSync(full);

  expect(ended).toEqual({ exitCode: 1, errors: "the output cannot be written (ENOSPC)\n" });
});

it("ends without a word where nobody reads", async () => {
  const { errors } = await run([PROGRAM, "help"]);

  expect(errors).toBe("");
});

it("names the Node that it needs, in one line", async () => {
  expect(await run(["--import", OLD_NODE, PROGRAM, "version"])).toEqual({
    exitCode: 1,
    errors: "rancher-keepalived needs Node 24 or later, and this is Node 20.20.2\n",
  });
});
