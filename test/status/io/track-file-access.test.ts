/** Whether keepalived may read its track file: by the modes, and as a process without root's rights finds it. */
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";
import { trackFileOf } from "../../../src/conf/paths.ts";
import { createTrackFileAccess } from "../../../src/status/io/track-file-access.ts";

const NOBODY = "65534";
/** root as it is in a container with `cap_drop: [ALL]`. */
const BARE_ROOT = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"];
const AS_NOBODY = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"];

let top = "";
let trackDir = "";
beforeEach(async () => {
  top = await mkdtemp(path.join(tmpdir(), "track-file-access-"));
  await chmod(top, 0o755);
  trackDir = path.join(top, "state", "track");
  await mkdir(trackDir, { recursive: true });
  await writeFile(trackFileOf(trackDir, "main"), "1\n");
});
afterEach(() => rm(top, { recursive: true, force: true, maxRetries: 20 }));

interface Case {
  readonly what: string;
  readonly as: readonly string[];
  readonly prepare: () => Promise<unknown>;
  readonly barrier?: RegExp;
}
const state = () => path.join(top, "state");
const cases: Case[] = [
  { what: "all may read", as: AS_NOBODY, prepare: () => chmod(state(), 0o755) },
  { what: "root may, whatever the modes are", as: ["env"], prepare: () => chmod(state(), 0o000) },
  {
    what: "a directory is closed",
    as: AS_NOBODY,
    prepare: () => chmod(state(), 0o700),
    barrier: /^user 65534 may not enter \/\S+\/state \(mode 700, user 0, group 0\)$/,
  },
  {
    what: "the file is closed",
    as: AS_NOBODY,
    prepare: () => chmod(trackFileOf(trackDir, "main"), 0o640),
    barrier: /^user 65534 may not read \/\S+main\S* \(mode 640, user 0, group 0\)$/,
  },
  {
    what: "root without rights of its own meets somebody's directory",
    as: BARE_ROOT,
    prepare: async () => {
      await chown(state(), 1000, 1000);
      await chmod(state(), 0o700);
    },
    barrier: /^user 0 may not enter \/\S+\/state \(mode 700, user 1000, group 1000\)$/,
  },
  {
    what: "the own class counts, also where others may more",
    as: AS_NOBODY,
    prepare: async () => {
      await chown(state(), Number(NOBODY), 0);
      await chmod(state(), 0o077);
    },
    barrier: /may not enter \/\S+\/state \(mode 77, user 65534/,
  },
];

it.each(cases)("says so where $what", async ({ as, prepare, barrier }) => {
  await prepare();
  const [program = "", ...args] = as;
  const process = execa(program, [...args, "sleep", "60"]);
  try {
    const find = createTrackFileAccess(trackDir);
    const expected =
      barrier === undefined
        ? { kind: "readable" }
        : { kind: "barred", barrier: expect.stringMatching(barrier) };
    await expect.poll(() => find(process.pid ?? 0, "main")).toEqual(expected);
    const read = await execa(program, [...args, "cat", trackFileOf(trackDir, "main")], { reject: false });
    expect(read.exitCode === 0).toBe(barrier === undefined);
  } finally {
    process.kill("SIGKILL");
    await process.catch(() => undefined);
  }
});

it("does not know of a process that is gone, or a file that is not there", async () => {
  const find = createTrackFileAccess(trackDir);

  expect(await find(2 ** 22, "main")).toEqual({ kind: "unknown" });
  expect(await find(process.pid, "other")).toEqual({ kind: "unknown" });
});
