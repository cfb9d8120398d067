/** A VRRPv2 group by multicast whose password lies in a file: what it is kept from, and how it is changed. */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { expect, it } from "vitest";
import type { Host } from "./lab/host.ts";
import { BUILT_PROGRAM } from "./lab/metadata.ts";
import { occupants } from "./lab/namespace.ts";
import { beyondStalls, mayMoveByItself } from "./lab/stall.ts";
import { until } from "./lab/until.ts";
import { calm, namesOwner, settled, statusOf, useLab, VIP } from "./scenario.ts";

const used = useLab({ hosts: 2 });
const [FIRST, SECOND] = ["Zq7#kW9x", "Yp5!vT3e"];
const SHIPPED = path.join(import.meta.dirname, "..", "..", "templates", "keepalived.conf.njk");
let version = 0;

function folderOf(host: Host): string {
  return path.join(host.folder, "secrets");
}

function secretOf(host: Host): string {
  return path.join(folderOf(host), "auth_pass");
}

/** A new version of the secret, as Kubernetes mounts it: a link in the middle of the path moves. */
function mountSecret(host: Host, text: string): void {
  version += 1;
  const folder = folderOf(host);
  mkdirSync(path.join(folder, `..${version}`), { recursive: true });
  writeFileSync(path.join(folder, `..${version}`, "auth_pass"), text);
  symlinkSync(`..${version}`, path.join(folder, "..data_tmp"));
  renameSync(path.join(folder, "..data_tmp"), path.join(folder, "..data"));
}

function envOf(host: Host): Record<string, string> {
  return {
    AUTH_PASS_FILE: secretOf(host),
    UNICAST: "false",
    LOG_LEVEL: "trace",
    TEMPLATE: path.join(host.folder, "own.njk"),
  };
}

/** Everything on the host in which a password could be found, but keepalived.conf, by where it stands. */
async function readEverything(host: Host): Promise<Map<string, string>> {
  const all = new Map([["log", host.agent.container.log.lines.map(({ text }) => text).join("\n")]]);
  const env = { VIRTUAL_IP: VIP, STACK_NAME: "lb", SERVICE_NAME: "keepalived", STATE_DIR: host.stateFolder };
  const uuid = (await statusOf(host))?.host?.uuid ?? "";
  for (const args of [["status"], ["status", "--json"], ["render"]]) {
    const command = ["netns", "exec", host.namespace, ...BUILT_PROGRAM, ...args];
    const { all: output } = await execa("ip", command, {
      env: { ...env, ...envOf(host), HOST_UUID: uuid },
      all: true,
      reject: false,
    });
    all.set(args.join(" "), output);
  }
  for (const pid of occupants([host.namespace])) {
    all.set(`command line ${pid}`, readWhatIsThere(`/proc/${pid}/cmdline`));
  }
  const entries = readdirSync(host.stateFolder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((candidate) => candidate.isFile())) {
    const file = path.join(entry.parentPath, entry.name);
    all.set(file, readWhatIsThere(file));
  }
  return all;
}

/** "" where the process has ended, or the draft of a file has become that file, since they were listed. */
function readWhatIsThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

async function placesOf(host: Host, passwords: readonly string[]): Promise<string[]> {
  const everything = [...(await readEverything(host))];
  expect(everything.length).toBeGreaterThan(8);
  return everything
    .filter(([, text]) => passwords.some((password) => text.includes(password)))
    .map(([place]) => place);
}

function modeOf(file: string): number {
  return statSync(file).mode & 0o777;
}

async function untilProblem(host: Host, message: RegExp): Promise<void> {
  await until(
    async () =>
      (await statusOf(host))?.problems.some(
        (problem) => problem.code === "SECRET_UNUSABLE" && message.test(problem.message),
      ),
    120_000,
    `${host.name} says ${message}`,
  );
}

async function untilWell(host: Host): Promise<void> {
  await until(async () => (await statusOf(host))?.problems.length === 0, 120_000, `${host.name} is well`);
}

it("makes one group by multicast with the password of a file", async () => {
  const { lab } = used;
  for (const host of lab.hosts) {
    mountSecret(host, `${FIRST}\n`);
    symlinkSync(path.join("..data", "auth_pass"), secretOf(host));
    writeFileSync(path.join(host.folder, "own.njk"), readFileSync(SHIPPED));
  }
  await Promise.all(lab.hosts.map((host) => host.startAgent(envOf(host))));
  const owner = await calm(lab);
  await until(() => namesOwner(lab.hosts, owner), 120_000, "both hosts name the owner, by multicast too");

  for (const host of lab.hosts) {
    expect(host.conf()).toContain(`auth_pass "${FIRST}"\n`);
    expect(host.conf()).not.toContain("unicast_peer");
    expect(modeOf(host.confFile)).toBe(0o600);
  }
});

it("asks an owner whose cable was pulled, and does not wait for three adverts", async () => {
  const { lab } = used;
  const owner = await calm(lab);
  const other = lab.hosts.find((host) => host !== owner)!;
  const asked = async () => (await statusOf(other))?.ownerProbe.groups[0];
  await until(async () => (await asked())?.isReady, 120_000, "a late owner would be asked");

  await owner.setLink("down", "switch");
  await until(async () => (await asked())?.takeovers === 1, 120_000, "it was asked in vain");
  // the listener says so: keepalived is MASTER, too, and the kernel of no other host has the VIP
  await settled(lab, [other]);
  await owner.setLink("up", "switch");
  await settled(lab);
});

it("keeps the earlier password where the file vanishes, is empty or holds none, and says so", async () => {
  const [host] = used.lab.hosts as [Host];
  const before = host.conf();

  rmSync(secretOf(host));
  await untilProblem(host, /cannot be read \(ENOENT\)/);
  writeFileSync(secretOf(host), "");
  await untilProblem(host, /\(empty\)/);
  writeFileSync(secretOf(host), `${SECOND}${SECOND}`);
  await untilProblem(host, /must be 1-8 bytes/);
  expect(host.conf()).toBe(before);

  writeFileSync(secretOf(host), FIRST);
  await untilWell(host);
  expect(host.conf()).toBe(before);
});

it("changes it on hosts that hear of it seconds apart, without two owners", async () => {
  const { lab } = used;
  const owner = await calm(lab);
  const backup = lab.hosts.find((host) => host !== owner)!;
  const prober = lab.probe(VIP);
  await prober.awaitAnswer(owner.name);
  const sinceMs = Date.now();

  mountSecret(owner, SECOND);
  rmSync(secretOf(owner));
  symlinkSync(path.join("..data", "auth_pass"), secretOf(owner));
  await sleep(4_000);
  writeFileSync(path.join(folderOf(backup), "next"), SECOND);
  renameSync(path.join(folderOf(backup), "next"), secretOf(backup));
  for (const host of lab.hosts) {
    await until(() => host.conf()?.includes(`"${SECOND}"`), 120_000, `${host.name} has the new password`);
  }
  await settled(lab);

  const seen = await prober.stop({ sinceMs });
  const { lost, longestSilenceMs } = seen;
  const [vacancyMs, doubleMs] = [
    lab.ownership.vacancy(VIP, sinceMs),
    lab.ownership.doubleOwnership(VIP, sinceMs),
  ];
  process.stdout.write(
    `measured: password changed: ${lost} probes lost, silence ${Math.round(longestSilenceMs)} ms, ` +
      `no owner for ${Math.round(vacancyMs)} ms, two for ${Math.round(doubleMs)} ms, ` +
      `stalls ${Math.round(seen.longestPauseMs)} ms\n`,
  );
  expect(beyondStalls(doubleMs, seen)).toBeLessThanOrEqual(mayMoveByItself(seen) ? 1_000 : 0);
  expect(beyondStalls(vacancyMs, seen)).toBeLessThan(4_000);
});

it("tells it nowhere but in keepalived.conf", async () => {
  const { lab } = used;
  const [host] = lab.hosts as [Host];
  const template = path.join(host.folder, "own.njk");
  const good = readFileSync(template, "utf8");
  for (const bad of ["no_such_keyword 1", "{{ instance.authPas }}", "state MASTER"]) {
    writeFileSync(template, good.replace("garp_lower_prio_repeat 1", bad));
    await until(async () => (await statusOf(host))?.problems.length === 1, 120_000, `${bad} is refused`);
    expect(await placesOf(host, [FIRST, SECOND])).toEqual([]);
    writeFileSync(template, good);
    await untilWell(host);
  }

  expect(modeOf(path.join(host.stateFolder, "rejected.conf"))).toBe(0o600);
  expect(readFileSync(path.join(host.stateFolder, "rejected.conf"), "utf8")).toContain(
    'auth_pass "(hidden)"',
  );
  for (const each of lab.hosts) {
    expect(await placesOf(each, [FIRST, SECOND])).toEqual([]);
    expect(modeOf(each.confFile)).toBe(0o600);
  }
});

it("has its VIP again after a restart while its template is broken, with the password of the file", async () => {
  const { lab } = used;
  const owner = await settled(lab);
  await owner.stopAgent();
  writeFileSync(path.join(owner.folder, "own.njk"), "{% broken");

  await owner.startAgent(envOf(owner));
  await settled(lab);

  expect(owner.conf()).toContain(`"${SECOND}"`);
});
