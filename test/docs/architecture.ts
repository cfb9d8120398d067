/** The source files, their domains, and the imports that go against the order of the domains. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./readme.ts";

/** A source file: its path below src, as in `metadata/io/poll.ts`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export function readSourceFiles(): SourceFile[] {
  const src = path.join(ROOT, "src");
  return readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ path: path.relative(src, file), text: readFileSync(file, "utf8") }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

const IMPORT = /(?:\bfrom|\bimport\(|^import)\s*"(\.{1,2}\/[^"]+)"/gm;

/** The domain of a file: its folder, or its name where it lies in src itself. */
export function domainOf(file: string): string {
  return file.split("/")[0] ?? file;
}

/** Each import of a later domain, as `FILE -> IMPORTED`; a domain that `order` does not have comes last. */
export function backwardImports(files: readonly SourceFile[], order: readonly string[]): string[] {
  const placeOf = (file: string) => {
    const place = order.indexOf(domainOf(file));
    return place === -1 ? order.length : place;
  };
  return files.flatMap(({ path: file, text }) =>
    [...text.matchAll(IMPORT)]
      .map(([, target = ""]) => resolve(file, target))
      .filter((target) => placeOf(target) > placeOf(file))
      .map((target) => `${file} -> ${target}`),
  );
}

function resolve(file: string, target: string): string {
  return new URL(target, `file:///${file}`).pathname.slice(1);
}
