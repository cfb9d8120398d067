import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { confPathsIn } from "../../../src/conf/paths.ts";
import { renderConf } from "../../../src/conf/render.ts";
import { verifyConf } from "../../../src/conf/verify.ts";
import { confWord } from "../../../src/conf/word.ts";
import { AgentError } from "../../../src/errors.ts";
import { deriveInstance } from "../../../src/groups/derive-instance.ts";
import { addressBits, familyOf } from "../../../src/network/address.ts";
import type { HostNetwork } from "../../../src/network/host-network.ts";
import { parseLinks } from "../../../src/network/ip-json.ts";
import { resolveGroup } from "../../../src/settings/resolve-group.ts";
import { parseSettings } from "../../../src/settings/settings.ts";
import type { Instance, Vip } from "../../../src/vrrp/instance.ts";
import { groupValues } from "../../fuzz/group-values.ts";
import { hostileText } from "../../fuzz/hostile-text.ts";
import { type DumpedInstance, dumpOfKeepalived, parseDump } from "../../fuzz/keepalived-dump.ts";
import { type Lab, openLab } from "../../keepalived/io/lab.ts";

const TEMPLATE = path.join(import.meta.dirname, "..", "..", "..", "templates", "keepalived.conf.njk");
const SEED = Date.now() % 2 ** 31;
const FILES = 20;
/** One group for each VRID, so each file tries all of them. */
const GROUPS = 255;
/** Interface names that Linux accepts, that keepalived.conf can express, and that are syntax there without quotes. */
const NAMES = [
  "x{y",
  "#",
  "!z",
  "$q",
  "-x",
  "q'q",
  "}{",
  "é",
  "a\\b",
  "b\\\\",
  "~SEQ(v,1,3)",
  "include",
  "@host",
  "a#b!",
];

let lab: Lab;
let network: HostNetwork;

beforeAll(async () => {
  lab = await openLab();
  for (const [index, name] of NAMES.entries()) {
    await lab.ip("link", "add", "name", name, "type", "veth", "peer", "name", `far${index}`);
    await lab.ip("address", "add", `198.51.100.${100 + index}/24`, "dev", name);
    await lab.ip("address", "add", `2001:db8::${100 + index}/64`, "nodad", "dev", name);
    await lab.ip("link", "set", name, "up");
  }
  network = {
    interfaces: parseLinks(JSON.parse(await lab.ip("-json", "address", "show"))),
    defaultRoute: {},
  };
});
afterAll(() => lab.remove());

/** The one group of `env`, or undefined where one of its values is refused. */
function derive(env: Readonly<Record<string, string>>, group: string): Instance | undefined {
  try {
    confWord(group);
    const { group: settings } = resolveGroup(group, parseSettings(env), {}, {});
    const about = { group, hostUuid: "host-1", agentIp: undefined, members: [], network };
    return deriveInstance(settings, about).instance;
  } catch (error) {
    if (error instanceof AgentError) return undefined;
    throw error;
  }
}

/** As many instances as one file can have; the group's number stands before or after the hostile name. */
function instancesOf(seed: number): Instance[] {
  const values = fc.sample(fc.tuple(groupValues, hostileText), { seed, numRuns: GROUPS });
  return values.flatMap(([env, text], index) => {
    const vrid = index + 1;
    // a track file is named after its group, so a group's name cannot lead into another directory
    const name = text.replaceAll("/", "-");
    const group = index % 2 === 0 ? `${vrid}.${name}` : `${name}-${vrid}`;
    const given = { ...env, VRID: String(vrid), INTERFACE: NAMES[index % NAMES.length]! };
    return derive(given, group) ?? [];
  });
}

async function writeText(seed: number): Promise<Instance[]> {
  const instances = instancesOf(seed);
  const stateDir = path.join(lab.dir, "state #{$x}! é'");
  await mkdir(stateDir, { recursive: true });
  const desired = { routerId: "lab", instances };
  const text = renderConf(await readFile(TEMPLATE, "utf8"), desired, confPathsIn(stateDir));
  verifyConf(text, desired, confPathsIn(stateDir));
  await writeFile(lab.conf, text);
  return instances;
}

describe(`hostile values that were accepted (seed ${SEED})`, () => {
  it("are accepted by `keepalived -t`", async () => {
    let tried = 0;
    for (let file = 0; file < FILES; file += 1) {
      tried += (await writeText(SEED + file)).length;

      expect({ ...(await judge()), seed: SEED + file }).toEqual({ all: "", exitCode: 0, seed: SEED + file });
    }
    expect(tried).toBeGreaterThan((FILES * GROUPS) / 3);
  });

  it("are what a running keepalived dumps", async () => {
    const instances = await writeText(SEED);

    const dump = await dumpOfKeepalived(lab);

    expect(parseDump(dump)).toEqual(instances.map(asDumped));
  });
});

describe("values that are refused", () => {
  it.each([
    { text: `\${_HASH}`, read: "#" },
    { text: "$_HASH,", read: "#," },
    { text: "$_BANG x", read: "! x" },
  ])("would be misread by keepalived: $text as $read", async ({ text, read }) => {
    await writePassword(text);

    expect(await judge()).toEqual({ all: "", exitCode: 0 });
    expect(parseDump(await dumpOfKeepalived(lab)).map(({ password }) => password)).toEqual([read]);
  });

  it.each(["ab\\", 'a"b'])("would be no single word for keepalived: %s", async (text) => {
    await writePassword(text);

    expect((await judge()).exitCode).not.toBe(0);
  });
});

/** An unchecked keepalived.conf with `text` between quotes. */
async function writePassword(text: string): Promise<void> {
  const instance = derive({ VIRTUAL_IP: "198.51.100.50", INTERFACE: "eth0", AUTH_PASS: "s3cret" }, "main");
  const desired = { routerId: "lab", instances: [instance!] };
  const conf = renderConf(await readFile(TEMPLATE, "utf8"), desired, confPathsIn(lab.dir));
  await writeFile(
    lab.conf,
    conf.replace("auth_pass s3cret", () => `auth_pass "${text}"`),
  );
}

/** The output of `keepalived -t`. */
async function judge(): Promise<{ all: string; exitCode: number | undefined }> {
  const { all, exitCode } = await execa("keepalived", ["-t", "-P", "-f", lab.conf], {
    all: true,
    env: { LC_ALL: "C" },
    reject: false,
  });
  return { all, exitCode };
}

function asDumped(instance: Instance): DumpedInstance {
  // keepalived leaves out a prefix that covers the whole address
  const text = ({ address, prefix }: Vip) =>
    `${address}${prefix === addressBits(familyOf(address)) ? "" : `/${prefix}`} dev ${instance.interface}`;
  return {
    name: instance.name,
    interface: instance.interface,
    virtualRouterId: String(instance.virtualRouterId),
    version: String(instance.vrrpVersion),
    priority: String(instance.priority),
    password: instance.authPass,
    vips: [text(instance.firstVip)],
    excludedVips: instance.excludedVips.map(text),
    peers: instance.unicast?.peers ?? [],
    trackers: [instance.name],
  };
}
