/** What build/bundle.ts leaves out of the packages is nothing that the agent asks them for. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const ROOT = path.join(import.meta.dirname, "../..");
const SOURCES = globSync("src/**/*.ts", { cwd: ROOT });
const textOf = (file: string) => readFileSync(path.join(ROOT, file), "utf8");

it("axios is used in at least one file", () => {
  expect(SOURCES.filter(usesAxios)).not.toEqual([]);
});

it.each(SOURCES.filter(usesAxios))(
  "%s has axios follow no redirect, ask no proxy and unpack nothing",
  (file) => {
    const text = textOf(file);
    const requests = text.match(/axios\.(create|get|post|put|request)\b/g) ?? [];
    for (const setting of ["maxRedirects: 0,", "proxy: false,", "decompress: false,"])
      expect(text.split(setting).length - 1, setting).toBe(requests.length);
  },
);

it("nothing but axios asks for zlib, and nothing for threads", () => {
  const asking = SOURCES.filter((file) => /from "node:(zlib|worker_threads)"/.test(textOf(file)));
  expect(asking).toEqual([]);
});

function usesAxios(file: string): boolean {
  return /from "axios"/.test(textOf(file));
}
