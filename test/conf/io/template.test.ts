import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readTemplate, watchTemplate } from "../../../src/conf/io/template.ts";

let folder: string;
let file: string;
let stop: AbortController;
let edits: () => Promise<void>;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-template-"));
  file = path.join(folder, "keepalived.conf.njk");
  await writeFile(file, "one");
  stop = new AbortController();
  let edited = Promise.withResolvers<void>();
  const onError = (error: unknown) => edited.reject(error);
  const ready = watchTemplate(file, { onChange: () => edited.resolve(), onError, signal: stop.signal });
  edits = async () => {
    await edited.promise;
    edited = Promise.withResolvers();
  };
  await ready;
});
afterEach(async () => {
  stop.abort();
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

it("reports a write in place", async () => {
  await writeFile(file, "two");
  await edits();

  expect(await readTemplate(file)).toBe("two");
});

it("reports another file renamed over it, more than once", async () => {
  for (const text of ["two", "three"]) {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
    await edits();

    expect(await readTemplate(file)).toBe(text);
  }
});

it("says with a code that the template is gone", async () => {
  await rm(file);

  await expect(readTemplate(file)).rejects.toMatchObject({ code: "TEMPLATE_BROKEN" });
});
