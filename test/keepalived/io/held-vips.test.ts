/** The record of VIPs on a disk that fills up: what is about to run is remembered, and nothing waits for the disk. */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createHeldVips } from "../../../src/keepalived/io/held-vips.ts";
import { openStateDir } from "../../../src/system/io/state-dir.ts";
import { INSTANCE } from "../../fixtures/desired.ts";

const VIP = "198.51.100.50";
let folder: string;
let disk: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-held-"));
  disk = path.join(folder, "disk");
  await mkdir(disk);
  await execa("mount", ["-t", "tmpfs", "-o", "size=16k,mode=700", "tmpfs", disk]);
});
afterEach(async () => {
  // STATE_DIR is held open as long as the process lives
  await execa("umount", ["--lazy", disk]);
  await rm(folder, { recursive: true, maxRetries: 20 });
});

const fill = () => execa("dd", ["if=/dev/zero", `of=${disk}/filler`, "bs=4096"], { reject: false });
const recorded = async (): Promise<unknown> =>
  JSON.parse(await readFile(path.join(disk, "addresses.json"), "utf8"));

it("lets keepalived run new VIPs without a record, and writes it once there is space", async () => {
  const told: string[][] = [];
  const vips = await createHeldVips(await openStateDir(disk), {
    onHeldVips: (addresses) => void told.push([...addresses]),
    onInstances: () => undefined,
    log: pino({ level: "silent" }),
  });
  await fill();
  await vips.add([INSTANCE]);
  expect(told).toEqual([[], [VIP]]);
  await expect(vips.keepOnly([INSTANCE])).rejects.toMatchObject({ code: "CONF_UNWRITABLE" });

  await rm(path.join(disk, "filler"));
  await vips.keepOnly([INSTANCE]);
  expect(await recorded()).toEqual([VIP]);
});
