/** `render` on a host with real metadata and a network of its own. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Explanation } from "../../src/explain/explain.ts";

const ANSWERS = path.join(import.meta.dirname, "..", "fixtures", "metadata", "three-groups.yml");
const PROGRAM = path.join(import.meta.dirname, "render-program.ts");
let stateDir: string;

beforeEach(async () => {
  stateDir = await mkdtemp(path.join(tmpdir(), "render-"));
});
afterEach(() => rm(stateDir, { recursive: true, maxRetries: 20 }));

async function render(args: string[], env: Record<string, string> = {}, answers = ANSWERS) {
  const { stdout } = await execa("unshare", ["--net", process.execPath, PROGRAM, answers, ...args], {
    env: {
      PATH: process.env["PATH"],
      STACK_NAME: "lb",
      SERVICE_NAME: "keepalived",
      STATE_DIR: stateDir,
      ...env,
    },
    extendEnv: false,
  });
  return JSON.parse(stdout) as { exitCode: number; stdout: string; stderr: string };
}

async function explained(env: Record<string, string> = {}) {
  const { exitCode, stdout, stderr } = await render(["--explain", "--json"], env);
  return { exitCode, stderr, explanation: JSON.parse(stdout) as Explanation };
}

it("prints the conf, and notes for the operator on stderr; it touches nothing", async () => {
  const { exitCode, stdout, stderr } = await render([]);

  expect(exitCode).toBe(0);
  expect(stdout.match(/^vrrp_instance .*/gm)).toEqual(["vrrp_instance db {", "vrrp_instance web {"]);
  expect(stderr).toContain("note: group bad: ");
  expect(await readdir(stateDir)).toEqual([]);
});

it("says once why its only group is refused, and what to do", async () => {
  const document = parse(await readFile(ANSWERS, "utf8"));
  document.stacks[0].services[0].metadata = { keepalived: { virtual_ip: "198.51.100.101" } };
  const answers = path.join(stateDir, "answers.json");
  await writeFile(answers, JSON.stringify(document));

  const { exitCode, stderr } = await render([], { INTERFACE: "nope", CHECK_PROT: "80" }, answers);

  expect(exitCode).toBe(1);
  expect(stderr).toContain("note: CHECK_PROT (environment) is no setting; did you mean CHECK_PORT?");
  expect(stderr.match(/interface nope does not exist/g)).toHaveLength(1);
  expect(stderr).toMatch(/^INTERFACE_UNKNOWN: interface nope does not exist\n-> Set INTERFACE/m);
});

it("names each of several groups that are refused, with the next step as a sentence", async () => {
  const { stderr } = await render([], { INTERFACE: "nope" });

  for (const group of ["db", "web"])
    expect(stderr).toContain(`note: group ${group}: interface nope does not exist. Set INTERFACE`);
});

it("explains where each value of each group comes from, as one JSON object and nothing else", async () => {
  const { exitCode, stderr, explanation } = await explained({ PREEMPT: "true" });

  expect([exitCode, stderr]).toEqual([0, ""]);
  expect(explanation).toMatchObject({
    host: { uuid: "host-1", name: "node-1" },
    service: "lb/keepalived",
    metadata: "live",
    refused: [{ group: "bad", code: "SETTING_REFUSED" }],
    agent: { STATE_DIR: { value: stateDir, source: { kind: "environment", name: "STATE_DIR" } } },
  });
  const { web, db, bad } = explanation.groups;
  expect(web?.values).toMatchObject({
    PREEMPT: { value: true, source: { kind: "environment", name: "PREEMPT" } },
    PRIORITY: {
      value: 240,
      source: { kind: "label", name: "keepalived.web.priority" },
      overridden: [{ value: 210, source: { kind: "metadata", name: "keepalived.priority" } }],
    },
    VRID: {
      value: 52,
      source: { kind: "metadata", name: "keepalived.instances.web.vrid" },
      refused: [{ source: { kind: "label", name: "keepalived.vrid" } }],
    },
    ADVERT_INTERVAL: {
      value: 0.5,
      unit: "s",
      source: { kind: "metadata", name: "keepalived.advert_interval" },
    },
    INTERFACE: {
      value: "eth0",
      source: { kind: "derived", name: "INTERFACE" },
      reason: "its subnet 198.51.100.0/24 holds the first VIP 198.51.100.101",
    },
    CHECK_RISE: { value: 4, source: { kind: "default", name: "CHECK_RISE" } },
  });
  expect(web?.peers).toMatchObject([
    { address: "198.51.100.12", host: "node-2", source: { kind: "host", name: "agent_ip" } },
    { address: "198.51.100.23", host: "node-3", source: { kind: "label", name: "keepalived.web.address" } },
  ]);
  expect(db?.peers.map(({ address }) => address)).toEqual([
    "198.51.100.12",
    "198.51.100.13",
    "198.51.100.40",
  ]);
  expect([web?.state, db?.state, bad?.state]).toEqual(["used", "used", "left-out"]);
});

it("explains the conf that it prints, as lines for people", async () => {
  const [plain, { explanation }, { stdout }] = await Promise.all([
    render([]),
    explained(),
    render(["--explain"]),
  ]);

  expect(explanation.conf?.trimEnd()).toBe(plain.stdout);
  expect(stdout.startsWith(`${plain.stdout}\n\ngroup bad REFUSED, and left out\n`)).toBe(true);
  expect(stdout).toMatch(/^ {2}PRIORITY +240, from keepalived\.web\.priority \(host label\)$/m);
});

describe("a password", () => {
  const V2 = { AUTH_PASS: "hunter2", ADVERT_INTERVAL: "1" };

  it.each([{ args: [] }, { args: ["--explain"] }, { args: ["--explain", "--json"] }])(
    "is not shown by render $args",
    async ({ args }) => {
      const { stdout, stderr } = await render(args, V2);

      expect(stdout).toMatch(/auth_pass \(hidden\)/);
      expect(stdout + stderr).not.toContain("hunter2");
    },
  );

  it("of a file is not shown, and the file is named", async () => {
    const file = path.join(stateDir, "password");
    await writeFile(file, "hunter2\n");

    const { explanation } = await explained({ AUTH_PASS_FILE: file, ADVERT_INTERVAL: "1" });

    const { AUTH_PASS, VRRP_VERSION } = explanation.groups["web"]!.values;
    expect(AUTH_PASS).toMatchObject({ value: "(hidden)", source: { name: "AUTH_PASS_FILE" } });
    expect(VRRP_VERSION).toMatchObject({ value: 2, reason: expect.stringContaining("AUTH_PASS is set") });
    expect(JSON.stringify(explanation)).not.toContain("hunter2");
    expect(await readFile(file, "utf8")).toBe("hunter2\n");
  });
});

it("explains a peer that left metadata from what the agent remembers", async () => {
  const self = { hostUuid: "host-1", hostName: "node-1", address: "198.51.100.11" };
  const gone = { hostUuid: "host-4", hostName: "node-4", address: "198.51.100.14" };
  const host = { name: "node-1", hostname: "node-1", agentIp: "", environmentUuid: "", labels: {} };
  const service = { stackName: "lb", name: "keepalived", metadata: {}, containers: [] };
  const snapshot = { version: "v", self: { uuid: "host-1", ...host }, hosts: [], service };
  await writeFile(path.join(stateDir, "last-good.json"), JSON.stringify({ snapshot, members: [self, gone] }));

  const { explanation } = await explained();

  // two of them are listed in metadata, as above
  expect(explanation.groups["web"]?.peers).toHaveLength(3);
  expect(explanation.groups["web"]?.peers).toContainEqual({
    address: "198.51.100.14",
    host: "node-4",
    source: { kind: "memory", name: "last-good.json" },
    reason: "node-4 left metadata: kept for PEER_REMOVAL_GRACE (30 s), and while it runs VRRP",
  });
});

it("explains even if there is no conf, and exits with 1", async () => {
  const template = path.join(stateDir, "broken.njk");
  await writeFile(template, "{{ nothing.here }}");

  const { exitCode, stderr, explanation } = await explained({ TEMPLATE: template });

  expect(exitCode).toBe(1);
  expect(stderr).toContain("TEMPLATE_BROKEN");
  expect(explanation.problem?.code).toBe("TEMPLATE_BROKEN");
  expect(explanation.conf).toBeUndefined();
  expect(explanation.agent["TEMPLATE"]).toMatchObject({ value: template, source: { kind: "environment" } });
});
