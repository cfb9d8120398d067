import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readSecretFile, watchSecretFile } from "../../../src/settings/io/secret-file.ts";

let folder: string;
let file: string;
let stop: AbortController;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-secret-"));
  file = path.join(folder, "auth_pass");
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

/** Watches the file. @returns a function that resolves at the next change. */
async function watchChanges(): Promise<() => Promise<void>> {
  let changed = Promise.withResolvers<void>();
  await watchSecretFile(file, {
    onChange: () => changed.resolve(),
    onError: (error) => changed.reject(error),
    signal: stop.signal,
  });
  return async () => {
    await changed.promise;
    changed = Promise.withResolvers();
  };
}

/** A version of a secret as Kubernetes mounts it: the file is a link through `..data`, which is moved in one step. */
async function mountVersion(name: string, text: string): Promise<void> {
  await mkdir(path.join(folder, name));
  await writeFile(path.join(folder, name, "auth_pass"), text);
  await symlink(name, path.join(folder, "..data_tmp"));
  await rename(path.join(folder, "..data_tmp"), path.join(folder, "..data"));
}

it("reports a write in place, a file renamed over it, its removal and its return", async () => {
  await writeFile(file, "one");
  const changed = await watchChanges();

  await writeFile(file, "two");
  await changed();
  expect(await readSecretFile("AUTH_PASS_FILE", file)).toBe("two");

  await writeFile(`${file}.new`, "three");
  await rename(`${file}.new`, file);
  await changed();
  expect(await readSecretFile("AUTH_PASS_FILE", file)).toBe("three");

  await rm(file);
  await changed();
  await expect(readSecretFile("AUTH_PASS_FILE", file)).rejects.toMatchObject({ code: "SETTINGS_INVALID" });

  await writeFile(file, "four");
  await changed();
  expect(await readSecretFile("AUTH_PASS_FILE", file)).toBe("four");
});

it("reports a symlink moved further up the path, while its former target still exists", async () => {
  await mountVersion("..1", "one");
  await symlink(path.join("..data", "auth_pass"), file);
  const changed = await watchChanges();

  for (const [name, text] of [
    ["..2", "two"],
    ["..3", "three"],
  ] as const) {
    await mountVersion(name, text);
    await changed();
    expect(await readSecretFile("AUTH_PASS_FILE", file)).toBe(text);
  }
});
