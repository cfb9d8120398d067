import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readTemplate } from "../../../src/conf/io/template.ts";
import { hidePasswords } from "../../../src/conf/passwords.ts";
import { confPathsIn } from "../../../src/conf/paths.ts";
import { renderConf } from "../../../src/conf/render.ts";
import { AgentError } from "../../../src/errors.ts";
import type { InstanceDump } from "../../../src/keepalived/dump.ts";
import { KeepalivedExitError } from "../../../src/keepalived/exit.ts";
import { type Applier, createApplier } from "../../../src/keepalived/io/apply.ts";
import { openStateDir } from "../../../src/system/io/state-dir.ts";
import type { Desired } from "../../../src/vrrp/instance.ts";
import { DESIRED, INSTANCE } from "../../fixtures/desired.ts";
import { isBtrfsThere, mountBtrfs, type SmallBtrfs } from "../../system/io/small-btrfs.ts";

const TEMPLATE_FILE = path.join(import.meta.dirname, "..", "..", "..", "templates", "keepalived.conf.njk");

let folder: string;
let conf: string;
let template: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-applier-"));
  conf = path.join(folder, "keepalived.conf");
  template = await readTemplate(TEMPLATE_FILE);
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }));

const FIRST = DESIRED["three-hosts"]!;
const SECOND: Desired = { ...FIRST, instances: [{ ...INSTANCE, priority: 201 }] };

/** An applier over real files, with a keepalived that answers as the test says. */
async function stage(
  answers: {
    take?: () => Promise<void>;
    validate?: () => Promise<void>;
    add?: () => void;
  } = {},
  password?: string,
) {
  const stateDir = await openStateDir(path.join(folder, "state"));
  const confPaths = confPathsIn(stateDir.path);
  const calls: string[] = [];
  const textsTaken: string[] = [];
  let running: Desired = FIRST;
  let pretended: Desired | undefined;
  const states = () => (pretended ?? running).instances.map(stateOf);
  const applier = await createApplier({
    conf,
    stateDir,
    confPaths: confPaths,
    supervisor: {
      startOrReload: async () => {
        calls.push("take");
        textsTaken.push(await readFile(conf, "utf8"));
        await answers.take?.();
        return states();
      },
      ensureRead: async () => {
        calls.push("ensure read");
        return states();
      },
    },
    heldVips: {
      addresses: new Set(),
      add: async () => {
        calls.push("expect");
        answers.add?.();
      },
      keepOnly: async () => void calls.push("settle"),
      remove: async () => undefined,
      removeAll: async () => true,
    },
    validate: async () => {
      calls.push("validate");
      await answers.validate?.();
    },
    password,
    log: pino({ level: "silent" }),
    signal: new AbortController().signal,
  });
  const apply = (desired: Desired, change = (text: string) => text) => {
    running = desired;
    const [text, textWithoutPasswords] = [desired, hidePasswords(desired)].map((each) =>
      change(renderConf(template, each, confPaths)),
    ) as [string, string];
    return applier.apply({ text, textWithoutPasswords, desired, interfaces: "" });
  };
  const pretend = (desired: Desired | undefined) => {
    pretended = desired;
  };
  return { applier, apply, calls, textsTaken, stateDir, pretend };
}

function exit(end: { exitCode?: number; signal?: string }): KeepalivedExitError {
  return new KeepalivedExitError("it ended", { exitCode: end.exitCode, signal: end.signal, uptimeMs: 1 });
}

function stateOf(instance: Desired["instances"][number]): InstanceDump {
  return {
    instance: instance.name,
    state: "BACKUP",
    virtualRouterId: instance.virtualRouterId,
    priority: instance.priority,
    effectivePriority: instance.priority,
    advertIntervalSeconds: 0.2,
    vips: [instance.firstVip, ...instance.excludedVips].map(({ address }) => address),
    vipsSet: false,
    lastTransition: 0,
    stats: {},
  };
}

const onDisk = () => readFile(conf, "utf8");

describe("apply", () => {
  it("has the same text taken once more where it means another interface of that name", async () => {
    const { applier, calls, stateDir } = await stage();
    const text = renderConf(template, FIRST, confPathsIn(stateDir.path));
    const applyOn = (interfaces: string) =>
      applier.apply({ text, textWithoutPasswords: text, desired: FIRST, interfaces });
    await applyOn("eth0 2");
    calls.length = 0;

    await expect(applyOn("eth0 2")).resolves.toBe(false);
    await expect(applyOn("eth0 7")).resolves.toBe(true);

    expect(calls).toEqual(["validate", "expect", "take"]);
  });

  it("has it taken for another interface at the next try where the file could not be written", async () => {
    const { applier, calls, stateDir } = await stage();
    const text = renderConf(template, FIRST, confPathsIn(stateDir.path));
    const applyOn = (interfaces: string) =>
      applier.apply({ text, textWithoutPasswords: text, desired: FIRST, interfaces });
    await applyOn("eth0 2");
    await rm(conf);
    await mkdir(conf);
    await expect(applyOn("eth0 7")).rejects.toMatchObject({
      code: "CONF_UNWRITABLE",
    });
    await rm(conf, { recursive: true, maxRetries: 20 });
    calls.length = 0;

    await expect(applyOn("eth0 7")).resolves.toBe(true);

    expect(calls).toEqual(["validate", "expect", "take"]);
  });

  it("records the VIPs before keepalived gets them, and cleans up after", async () => {
    const { apply, calls, applier } = await stage();

    await expect(apply(FIRST)).resolves.toBe(true);

    expect(calls).toEqual(["validate", "expect", "take"]);
    await applier.cleanUp();
    expect(calls.at(-1)).toBe("settle");
    expect(applier.inForce).toEqual(FIRST.instances);
  });

  it("touches nothing for the same text", async () => {
    const { apply, calls } = await stage();
    await apply(FIRST);
    calls.length = 0;

    await expect(apply(FIRST)).resolves.toBe(false);

    expect(calls).toEqual([]);
  });

  it("keeps the file and keeps the candidate aside when keepalived -t refuses it", async () => {
    let isStrict = false;
    const refuse = async () => {
      if (isStrict) throw new AgentError("CONF_REJECTED", "line 3");
    };
    const { apply, calls, applier } = await stage({ validate: refuse });
    await apply(FIRST);
    const before = await onDisk();
    isStrict = true;
    calls.length = 0;

    await expect(apply(SECOND)).rejects.toMatchObject({ code: "CONF_REJECTED" });

    expect(await onDisk()).toBe(before);
    expect(calls).toEqual(["validate"]);
    expect(await readFile(applier.rejected!, "utf8")).toContain("priority 201");

    await expect(apply(FIRST)).resolves.toBe(false);
    expect(applier.rejected).toBeUndefined();
  });

  it("names no file for a refused text that could not be kept", async () => {
    const { apply, applier, stateDir } = await stage();
    await apply(FIRST);
    await mkdir(path.join(stateDir.path, "rejected.conf"));

    await expect(apply(SECOND, () => "")).rejects.toMatchObject({ code: "CONF_UNEXPECTED" });

    expect(applier.rejected).toBeUndefined();
  });

  it.each(["", "global_defs {\n}\n"])("does not even ask keepalived about the text %j", async (text) => {
    const { apply, calls, applier } = await stage();
    await apply(FIRST);
    calls.length = 0;

    await expect(apply(SECOND, () => text)).rejects.toMatchObject({ code: "CONF_UNEXPECTED" });

    expect(calls).toEqual([]);
    expect(await readFile(applier.rejected!, "utf8")).toBe(text);
  });

  it.each([
    { why: "a refused reload", error: new AgentError("CONF_REJECTED", "no") },
    { why: "an end with the code of a bad conf", error: exit({ exitCode: 2 }) },
    { why: "a crash", error: exit({ signal: "SIGSEGV" }) },
  ])("puts the file back after $why, and does not try the same again", async ({ error }) => {
    let isBad = false;
    const take = async () => {
      if (isBad && (await onDisk()).includes("priority 201")) throw error;
    };
    const { applier, apply, calls, textsTaken } = await stage({ take });
    await apply(FIRST);
    const before = await onDisk();
    isBad = true;

    await expect(apply(SECOND)).rejects.toBe(error);
    expect(await onDisk()).toBe(before);
    expect(textsTaken.at(-1)).toBe(before);
    expect(await readFile(applier.rejected!, "utf8")).toContain("priority 201");

    calls.length = 0;
    await expect(apply(SECOND)).rejects.toBe(error);
    expect(calls).toEqual([]);
  });

  it("does not condemn a text because keepalived was killed: the file stays, and it is asked again", async () => {
    let isKilled = false;
    const take = async () => {
      if (isKilled) throw exit({ signal: "SIGKILL" });
    };
    const { applier, apply, calls } = await stage({ take });
    await apply(FIRST);
    isKilled = true;

    await expect(apply(SECOND)).rejects.toMatchObject({ code: "KEEPALIVED_EXITED" });
    expect(await onDisk()).toContain("priority 201");
    await applier.repairFile();
    expect(await onDisk()).toContain("priority 201");

    calls.length = 0;
    await expect(apply(SECOND)).resolves.toBe(true);
    expect(calls).toEqual(["ensure read"]);
    expect(applier.inForce).toEqual(SECOND.instances);
  });

  it("is not content when keepalived does something else, and makes sure that it has read the file", async () => {
    const { apply, applier, calls, pretend } = await stage();
    await apply(FIRST);
    pretend(FIRST);

    await expect(apply(SECOND)).rejects.toMatchObject({
      code: "RELOAD_UNCONFIRMED",
      message: expect.stringContaining("priority 240 for main instead of 201"),
    });
    expect(applier.inForce).toEqual([]);
    calls.length = 0;
    await expect(apply(SECOND)).rejects.toMatchObject({ code: "RELOAD_UNCONFIRMED" });
    expect(calls).toEqual(["ensure read"]);

    pretend(undefined);
    await expect(apply(SECOND)).resolves.toBe(true);
  });

  it("goes back to the earlier text behind an unconfirmed one", async () => {
    const { apply, pretend } = await stage();
    await apply(FIRST);
    const before = await onDisk();
    pretend(FIRST);
    await expect(apply(SECOND)).rejects.toMatchObject({ code: "RELOAD_UNCONFIRMED" });

    await expect(apply(FIRST)).resolves.toBe(true);

    expect(await onDisk()).toBe(before);
  });
});

describe("resume and repairFile", () => {
  it("starts with the configuration of an earlier run, even where the file is gone", async () => {
    const earlier = await stage();
    await earlier.apply(FIRST);
    await earlier.applier.cleanUp();
    const text = await onDisk();
    await rm(conf);
    const { applier, calls } = await stage();

    await expect(applier.resume(async () => undefined)).resolves.toBe(true);

    expect(await onDisk()).toBe(text);
    expect(calls).toEqual(["expect", "take"]);
    expect(applier.inForce).toMatchObject([{ name: "main", virtualRouterId: 50 }]);
  });

  it("writes no password down, and resumes with the one that is set, or not at all", async () => {
    const earlier = await stage({}, "s3cret");
    const secret: Desired = DESIRED["multicast-v2"]!;
    await earlier.apply(secret);
    await earlier.applier.cleanUp();
    const remembered = await readFile(path.join(earlier.stateDir.path, "applied.json"), "utf8");
    expect(remembered).toContain("(hidden)");
    expect(remembered).not.toContain("pa#s");

    const without = await stage();
    await expect(without.applier.resume(async () => undefined)).resolves.toBe(false);
    expect(without.applier.lastConfirmed).toMatchObject([{ vrrpVersion: 2, authPass: undefined }]);
    expect(without.applier.isPasswordLost).toBe(true);

    const { applier } = await stage({}, "pa#s {1}");
    await expect(applier.resume(async () => undefined)).resolves.toBe(true);
    expect(await onDisk()).toContain('auth_pass "pa#s {1}"');
    expect(applier.lastConfirmed).toMatchObject([{ vrrpVersion: 2, authPass: "pa#s {1}" }]);
    expect(applier.isPasswordLost).toBe(false);
  });

  it("has nothing to resume in a first run, nor after a configuration was applied", async () => {
    const { applier, apply } = await stage();

    await expect(applier.resume(async () => undefined)).resolves.toBe(false);
    await apply(FIRST);
    await expect(applier.resume(async () => undefined)).resolves.toBe(false);
  });

  it.each([
    { why: "emptied", damage: () => writeFile(conf, "") },
    { why: "removed", damage: () => rm(conf) },
  ])("puts back a file that was $why", async ({ damage }) => {
    const { applier, apply } = await stage();
    await apply(FIRST);
    const text = await onDisk();
    await damage();

    await applier.repairFile();

    expect(await onDisk()).toBe(text);
  });
});

describe("a repair while another text is applied", () => {
  it("leaves the candidate alone that is being judged", async () => {
    let duringJudgement = async (): Promise<void> => undefined;
    const { applier, apply, textsTaken } = await stage({ validate: () => duringJudgement() });
    await apply(FIRST);
    const before = await onDisk();
    duringJudgement = async () => {
      await writeFile(conf, "");
      await applier.repairFile();
      expect(await onDisk()).toBe(before);
    };

    await expect(apply(SECOND)).resolves.toBe(true);

    expect(textsTaken.at(-1)).toContain("priority 201");
    expect(await onDisk()).toBe(textsTaken.at(-1));
    expect(await readdir(folder)).toEqual(["keepalived.conf", "state"]);
  });

  it("never puts the older text back, however the two meet", async () => {
    const repairs: Promise<void>[] = [];
    const add = () => {
      for (let count = 0; count < 5; count += 1) repairs.push(applier.repairFile());
    };
    const { applier, apply, textsTaken } = await stage({ add });
    for (let round = 0; round < 30; round += 1) {
      const desired = round % 2 === 0 ? FIRST : SECOND;
      await apply(desired);
      await Promise.all(repairs.splice(0));

      expect(await onDisk()).toBe(textsTaken.at(-1));
      expect(textsTaken.at(-1)?.includes("priority 201")).toBe(desired === SECOND);
    }
  });
});

describe.skipIf(!isBtrfsThere)("a keepalived.conf that is half written", () => {
  let disk: SmallBtrfs;
  beforeEach(async () => {
    disk = await mountBtrfs();
    const source = path.join(disk.path, "source");
    for (const file of [source, conf]) await writeFile(file, "");
    await execa("mount", ["--bind", source, conf]);
  });
  afterEach(async () => {
    await execa("umount", [conf]);
    await disk.remove();
  });
  const long = (text: string) => `${text}${`# ${"x".repeat(98)}\n`.repeat(3_000)}`;
  const other = (text: string) => long(text).replaceAll("xxx", "yyy");

  it("is named at each pass, read by no keepalived, and mended once there is space", async () => {
    const { applier, apply, calls } = await stage();
    await apply(FIRST, long);
    const before = await onDisk();
    await disk.fill(65_536);
    calls.length = 0;

    const half = { code: "CONF_UNWRITABLE", message: expect.stringContaining("holds a part of a text") };
    const applying = apply(SECOND, other);
    await expect(applying).rejects.toMatchObject({ code: "CONF_UNWRITABLE" });
    // a kernel that finds the space after all writes the earlier text back: Linux 6.18 does not
    if ((await onDisk()) === before) return;
    await expect(applying).rejects.toMatchObject(half);
    // keepalived runs what is wanted again: the file is named all the same
    await expect(apply(FIRST, long)).rejects.toMatchObject(half);
    // keepalived is not started where this fails
    await expect(applier.repairFile()).rejects.toMatchObject(half);
    expect(applier.inForce).toEqual(FIRST.instances);

    await disk.free();
    await expect(apply(FIRST, long)).resolves.toBe(false);
    expect(await onDisk()).toBe(before);
    expect(calls).not.toContain("take");
  });
});

it("has nothing in force before anything was applied", async () => {
  const { applier }: { applier: Applier } = await stage();

  expect(applier.inForce).toEqual([]);
  expect(applier.rejected).toBeUndefined();
});

describe("cleanUp", () => {
  it("is done again until it succeeds, and then no more", async () => {
    const { applier, apply, calls, stateDir } = await stage();
    await apply(FIRST);
    await rm(stateDir.path, { recursive: true, maxRetries: 20 });
    await expect(applier.cleanUp()).rejects.toMatchObject({ code: "CONF_UNWRITABLE" });

    await mkdir(stateDir.path);
    calls.length = 0;
    await applier.cleanUp();
    await applier.cleanUp();

    expect(calls).toEqual(["settle"]);
    expect(await stateDir.read("applied.json")).toMatchObject({ instances: [{ name: "main" }] });
  });
});
