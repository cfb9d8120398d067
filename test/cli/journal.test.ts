/** The command `journal` of the built file, while no agent runs: STATE_DIR names the journal. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";

const PROGRAM = path.join(import.meta.dirname, "..", "..", "dist", "rancher-keepalived.mjs");

let stateDir: string;
const file = () => path.join(stateDir, "journal.jsonl");
const lineOf = (entry: object) => `${JSON.stringify(entry)}\n`;

beforeAll(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), "journal-"));
  writeFileSync(
    file(),
    [
      { at: "2026-11-21T03:00:00.000Z", kind: "agent-started", version: "0.1.0" },
      { at: "2026-11-21T03:00:01.000Z", kind: "host", name: "host-2", uuid: "u2" },
      { at: "2026-11-22T03:14:05.000Z", kind: "transition", group: "web", from: "BACKUP", to: "MASTER" },
      { at: "2026-11-22T03:14:05.300Z", kind: "succession", group: "web", how: "silent" },
    ]
      .map(lineOf)
      .join(""),
  );
});
afterAll(() => rmSync(stateDir, { recursive: true, maxRetries: 20 }));

function start(...args: string[]): ChildProcessByStdio<null, Readable, Readable> {
  const env = { PATH: process.env["PATH"], STATE_DIR: stateDir };
  return spawn(process.execPath, [PROGRAM, "journal", ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
}

async function run(...args: string[]) {
  const child = start(...args);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [exitCode] = await once(child, "close");
  return { exitCode, stdout, stderr };
}

it.each<{ args: string[]; count: number; moves: number }>([
  { args: [], count: 4, moves: 1 },
  { args: ["--since", "2026-11-22 03:14"], count: 2, moves: 1 },
  { args: ["-n", "1"], count: 1, moves: 0 },
  { args: ["-n2", "--group", "web"], count: 2, moves: 1 },
])("prints JSON with $args", async ({ args, count, moves }) => {
  const { exitCode, stdout, stderr } = await run("--json", ...args);
  const journal = JSON.parse(stdout);

  expect([exitCode, stderr]).toEqual([0, ""]);
  expect(journal.entries).toHaveLength(count);
  expect(journal.moves).toHaveLength(moves);
});

it("names everything that is wrong with its options, and a group that the journal does not know", async () => {
  const { exitCode, stderr } = await run("--since", "tomorrow", "-n", "few");
  expect(exitCode).toBe(78);
  expect(stderr).toContain("--since takes 1h30m, 2d, 14:44, yesterday");
  expect(stderr).toContain('-n takes a whole number, not "few"');
  expect(stderr).toContain("-> Run `rancher-keepalived help journal` for what it takes.");

  const unknown = await run("--group", "wbe");
  expect(unknown.exitCode).toBe(0);
  expect(unknown.stderr).toBe("note: the journal has no group wbe; its groups: web\n");
  expect(unknown.stdout).toMatch(/\nNo VIP of wbe came to or left this host since /);
});

it("says that nothing was written down since a time, and when the last entry was", async () => {
  const { stdout, stderr } = await run("--since", "2026-11-23 03:14");

  expect([stdout, stderr]).toEqual([
    "",
    "note: nothing was recorded since then; the last entry is of 2026-11-22T03:14:05.300Z\n",
  ]);
});

it("follows, as text and as an object a line, until it is interrupted", async () => {
  const text = start("--follow", "-n", "1");
  const json = start("--follow", "--json", "--group", "web");
  const textLines = createInterface({ input: text.stdout })[Symbol.asyncIterator]();
  const jsonLines = createInterface({ input: json.stdout })[Symbol.asyncIterator]();
  const next = async (lines: typeof textLines) => String((await lines.next()).value);

  expect(await next(textLines)).toBe("2026-11-22T03:14:05.300Z  web: previous owner: not heard any more");
  const begun = [await next(jsonLines), await next(jsonLines), await next(jsonLines)];
  expect(begun.map((line) => JSON.parse(line).kind)).toEqual(["agent-started", "host", "transition"]);
  expect(JSON.parse(await next(jsonLines))).toMatchObject({ kind: "move", group: "web", move: "came" });
  expect(JSON.parse(await next(jsonLines)).kind).toBe("succession");

  appendFileSync(
    file(),
    lineOf({ at: "2026-11-22T04:00:00.000Z", kind: "drain", group: "db", by: "command" }),
  );
  appendFileSync(file(), lineOf({ at: "2026-11-22T04:00:01.000Z", kind: "agent-stopped" }));
  expect(await next(textLines)).toBe("2026-11-22T04:00:00.000Z  db: drained by command");
  expect(await next(textLines)).toBe("2026-11-22T04:00:01.000Z  agent stopped");
  expect(JSON.parse(await next(jsonLines))).toMatchObject({ kind: "agent-stopped", words: "agent stopped" });

  for (const child of [text, json]) {
    const ended = once(child, "close");
    child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
  }
});

it("says of a journal that it cannot read that it is there, and fails", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "journal-locked-"));
  try {
    // another user's: not even the names in it can be read
    writeFileSync(path.join(folder, "journal.jsonl"), "", { mode: 0o600 });
    chmodSync(folder, 0o700);
    const journal = spawn(process.execPath, [PROGRAM, "journal"], {
      env: { PATH: process.env["PATH"], STATE_DIR: folder },
      stdio: ["ignore", "pipe", "pipe"],
      uid: 65_534,
      gid: 65_534,
    });
    let stderr = "";
    journal.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const [exitCode] = await once(journal, "close");

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^STATE_UNREADABLE: the journal .* cannot be read \(EACCES\)/);
    expect(stderr).toContain("Run this command in the agent's container, as root.");
    expect(stderr).not.toContain("there is no journal");
  } finally {
    rmSync(folder, { recursive: true, maxRetries: 20 });
  }
});
