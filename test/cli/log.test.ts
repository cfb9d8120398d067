/** The log of the built file: readable lines on a terminal, which `script` provides, and JSON everywhere else. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished } from "vitest";

const ROOT = path.join(import.meta.dirname, "..", "..");
const PROGRAM = path.join(ROOT, "dist", "rancher-keepalived.mjs");
const ANSWERS = path.join(ROOT, "test", "fixtures", "metadata", "environment.yml");

/** The log line with that message. */
async function lineOf(
  env: Record<string, string>,
  isTerminal: boolean,
  message: string,
  command: readonly string[],
): Promise<string> {
  // it ignores the SIGHUP of a terminal that closes, so it is told to end with `script`
  const inTerminal = `exec setpriv --pdeathsig TERM ${command.join(" ")}`;
  const [file = "", ...args] = isTerminal ? ["script", "-qec", inTerminal, "/dev/null"] : command;
  const child = spawn(file, args, {
    env: { PATH: process.env["PATH"], TERM: "xterm", ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(child, "close");
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.includes(message)) return line.trimEnd();
    }
    throw new Error(`it ended before it said: ${message}`);
  } finally {
    child.kill();
    await ended;
  }
}

/** The log line that says that the stand-in metadata server listens. */
async function lineOfServer(env: Record<string, string>, isTerminal: boolean): Promise<string> {
  // a network of its own: a port that was free a moment ago may be another process's by now
  const server = [process.execPath, PROGRAM, "metadata-server", "--answers", ANSWERS];
  const command = ["unshare", "--net", ...server, "--listen", "0.0.0.0:8080"];
  return lineOf(env, isTerminal, "metadata server listened", command);
}

const COLOUR = "\u001b[";

it("is JSON without a terminal, even if colours are forced", async () => {
  const entry = JSON.parse(await lineOfServer({ FORCE_COLOR: "1" }, false));

  expect(entry).toMatchObject({ level: "info", msg: "metadata server listened", host: "0.0.0.0" });
  expect(entry.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/);
});

it("is one readable line on a terminal, with its fields", async () => {
  const line = await lineOfServer({ NO_COLOR: "1" }, true);

  expect(line).toMatch(
    /^\[\d{4}-\d\d-\d\d [\d:.]{12}\] INFO: metadata server listened \{"host":"0\.0\.0\.0","port":8080\}$/,
  );
});

it.each([
  { env: {}, hasColours: true },
  { env: { NO_COLOR: "1" }, hasColours: false },
  { env: { TERM: "dumb" }, hasColours: false },
  { env: { FORCE_COLOR: "1", NO_COLOR: "1" }, hasColours: false },
])("has colours on a terminal with $env: $hasColours", async ({ env, hasColours }) => {
  expect((await lineOfServer(env, true)).includes(COLOUR)).toBe(hasColours);
});

it("of the agent is readable with LOG_FORMAT=pretty, also without a terminal", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "rk-log-"));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 20 }));
  const env = {
    LOG_FORMAT: "pretty",
    METADATA_URL: "off",
    HTTP_LISTEN: "off",
    VIRTUAL_IP: "198.51.100.50",
    STATE_DIR: `${folder}/state`,
    KEEPALIVED_CONF: `${folder}/keepalived.conf`,
  };
  // a network of its own: the agent of this machine, and of other tests, goes on
  const command = ["unshare", "--net", process.execPath, PROGRAM, "run"];
  const line = await lineOf(env, false, "agent started", command);

  expect(line).toMatch(/^\[\d{4}-\d\d-\d\d [\d:.]{12}\] INFO \(\d+\): agent started /);
});

it("has a line for each variable that is nearly a setting, when the agent starts", async () => {
  // it ends before it touches the host
  const agent = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", process.execPath, PROGRAM, "run"];
  const line = await lineOf({ CHECK_PROT: "80", METADATA_URI: "x" }, false, "METADATA_URI", agent);

  expect(JSON.parse(line)).toMatchObject({
    level: "warn",
    msg: "variable not used",
    note: "METADATA_URI (environment) is no setting; did you mean METADATA_URL?",
  });
});
