import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openChangeMemory } from "../../../src/planned-change/io/change-memory.ts";
import { beginChange } from "../../../src/planned-change/planned-change.ts";
import { openStateDir } from "../../../src/system/io/state-dir.ts";
import { INSTANCE } from "../../fixtures/desired.ts";

const TO = { ...INSTANCE, virtualRouterId: 51 };

async function openIn(folder = mkdtempSync(path.join(tmpdir(), "change-memory-"))) {
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }));
  return { folder, memory: await openChangeMemory(await openStateDir(folder)) };
}

function changeOf(group: string) {
  return new Map([[group, beginChange({ ...TO, name: group }, [{ ...INSTANCE, name: group }], false, 0)]]);
}

it.each(["main", "__proto__", "constructor"])(
  "remembers the change of a group named %s, once",
  async (group) => {
    const { folder, memory } = await openIn();
    expect(memory.take(group)).toEqual([]);
    await memory.write(changeOf(group));
    const later = await openIn(folder);

    expect(later.memory.take(group)).toMatchObject([{ name: group, virtualRouterId: 50 }]);
    expect(later.memory.take(group)).toEqual([]);
  },
);

it("keeps what a group that metadata misses has not taken yet", async () => {
  const { folder, memory } = await openIn();
  await memory.write(changeOf("missing"));
  const later = await openIn(folder);
  await later.memory.write(changeOf("main"));
  const last = await openIn(folder);

  expect(last.memory.take("missing")).toHaveLength(1);
  expect(last.memory.take("main")).toHaveLength(1);
});

it("says that the file cannot be written, until it can", async () => {
  const { folder, memory } = await openIn();
  const file = path.join(folder, "changes.json");
  mkdirSync(path.join(file, "in-the-way"), { recursive: true });

  await memory.write(changeOf("main"));
  expect(memory.problem).toContain("changes.json cannot be written");
  rmSync(file, { recursive: true, maxRetries: 20 });
  await memory.write(changeOf("main"));
  expect(memory.problem).toBeUndefined();
});

it("remembers nothing from a damaged file", async () => {
  const { folder } = await openIn();
  writeFileSync(path.join(folder, "changes.json"), '{"main":"');

  expect((await openIn(folder)).memory.take("main")).toEqual([]);
});
