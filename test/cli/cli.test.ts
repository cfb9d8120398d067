/** The command line as users call it: the built file, run by Node. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";

const PROGRAM = path.join(import.meta.dirname, "..", "..", "dist", "rancher-keepalived.mjs");
const call = (args: string[], env: Record<string, string> = {}) =>
  execa(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env["PATH"], ...env },
    extendEnv: false,
    reject: false,
  });

it("prints its version and its help", async () => {
  const version = await call(["--version"]);
  const help = await call(["--help"]);

  expect([version.exitCode, version.stdout]).toEqual([0, "0.1.0"]);
  expect(help.exitCode).toBe(0);
  for (const command of ["run", "render", "status", "metadata-server"])
    expect(help.stdout).toContain(command);
});

it.each([["version"], ["--version"], ["status", "--version"]])(
  "prints its version for %s %s",
  async (...args) => {
    const { exitCode, stdout, stderr } = await call(args.filter((arg) => arg !== undefined));

    expect([exitCode, stdout, stderr]).toEqual([0, "0.1.0", ""]);
  },
);

it("prints the same help of a command in both ways, and of all commands", async () => {
  const option = await call(["status", "--help"]);
  const command = await call(["help", "status"]);
  const all = await call(["help"]);

  expect(option).toMatchObject({ exitCode: 0, stderr: "" });
  expect(option.stdout).toMatch(/^usage: rancher-keepalived status \[--all\] \[--json\|--watch\]\n/);
  expect(command.stdout).toBe(option.stdout);
  expect(all.stdout).toBe((await call(["-h"])).stdout);
  expect(all.stdout).toMatch(/^usage: rancher-keepalived \[COMMAND\]/m);
});

it.each([
  { args: ["fly"], message: 'no command "fly"' },
  { args: ["constructor"], message: 'no command "constructor"' },
  { args: ["--wings"], message: "--wings" },
  { args: ["stauts"], message: 'no command "stauts"; did you mean status?' },
  { args: ["help", "stauts"], message: 'no command "stauts"; did you mean status?' },
  { args: ["render", "--expain"], message: "render does not take --expain; did you mean --explain?" },
  { args: ["render", "--json"], message: "render takes --json only together with --explain" },
  { args: ["status", "--json", "--watch"], message: "status takes --json or --watch, not both" },
  { args: ["journal", "--since", "tomorrow"], message: "--since takes 1h30m, 2d, 14:44, yesterday" },
  { args: ["drain", "web", "mail"], message: 'does not take "mail"' },
  { args: ["undrain", "--force"], message: "undrain does not take --force; drain does" },
  { args: ["status", "now"], message: 'does not take "now"' },
  { args: ["metadata-server"], message: "--answers FILE and --listen ADDR:PORT" },
  {
    args: ["metadata-server", "--answers", "x", "--listen", "nowhere"],
    message: '--listen takes ADDR:PORT, not "nowhere"',
  },
])("refuses $args with status 78 and the next step", async ({ args, message }) => {
  const { exitCode, stderr } = await call(args);

  expect(exitCode).toBe(78);
  expect(stderr).toContain("USAGE");
  expect(stderr).toContain(message);
  expect(stderr).toContain("-> ");
});

it.each(["run", "render"])("refuses wrong settings of %s with status 78, all of them", async (command) => {
  const { exitCode, stderr } = await call([command], { VIRTUAL_IP: "x", VRID: "0", METADATA_URL: "ftp://x" });

  expect(exitCode).toBe(78);
  for (const name of ["VIRTUAL_IP=", "VRID=", "METADATA_URL="]) expect(stderr).toContain(name);
});

it.each(["status", "drain", "undrain"])(
  "tells where to run %s if no agent is in this network",
  async (command) => {
    const own = ["--net", process.execPath, PROGRAM, command];
    const { exitCode, stderr } = await execa("unshare", own, { reject: false });

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^AGENT_UNREACHABLE: /);
    expect(stderr).toMatch(
      /run this command inside its container: `docker exec CONTAINER rancher-keepalived \.\.\.`/,
    );
  },
);

it("names a secret file that cannot be read", async () => {
  const { exitCode, stderr } = await call(["render"], {
    VIRTUAL_IP: "198.51.100.50",
    AUTH_PASS_FILE: "/nowhere/secret",
  });

  expect(exitCode).toBe(78);
  expect(stderr).toContain("/nowhere/secret");
});

it("prints the journal of a directory while no agent runs", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "rk-cli-"));
  const empty = await call(["journal"], { STATE_DIR: folder });
  const at = "2026-11-22T03:14:07.000Z";
  const lines = [
    { at, kind: "transition", group: "web", from: "BACKUP", to: "MASTER" },
    { at, kind: "agent-stopping" },
    { at, kind: "transition", group: "web", from: "MASTER", to: "STOP" },
  ];
  await writeFile(
    path.join(folder, "journal.jsonl"),
    lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
  );
  const full = await call(["journal"], { STATE_DIR: folder });
  const later = await call(["journal", "--since", "2026-11-23", "--json"], { STATE_DIR: folder });
  await rm(folder, { recursive: true, maxRetries: 20 });

  expect([empty.exitCode, empty.stdout]).toEqual([0, ""]);
  expect(empty.stderr).toContain("no journal");
  expect(full.stdout.split("\n").at(-1)).toBe(
    "2026-11-22  web left this host at 03:14:07: the agent was stopped",
  );
  expect(JSON.parse(later.stdout)).toEqual({ entries: [], moves: [] });
});
