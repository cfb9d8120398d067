/** The source files, their domains, and the imports that go against the order of the domains. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./readme.ts";

/** A source file: its path below src, as in `metadata/io/poll.ts`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** The paths of all files below src, of whatever kind. */
export function listSourcePaths(): string[] {
  const src = path.join(ROOT, "src");
  return readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(src, path.join(entry.parentPath, entry.name)))
    .toSorted();
}

export function readSourceFiles(): SourceFile[] {
  const src = path.join(ROOT, "src");
  return readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ path: path.relative(src, file), text: readFileSync(file, "utf8") }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Also with a comment before the path, and with any kind of quotes. */
const IMPORT = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(?:\/\*.*?\*\/\s*)?["'`](\.{1,2}\/[^"'`]+)["'`]/gm;
/** What Biome cannot deny in a pure file: a member of a global, and an import that is no statement. */
const IMPURE = /\bMath\.random\b|\bimport\.meta\b|\bimport\s*\(|\bcreateRequire\b/g;
/** Any other place would escape the rules for pure files and for io. */
const PLACE = /^(?:(?:errors|main)\.ts|[a-z-]+\/[a-z\d-]+\.(?:ts|pl)|[a-z-]+\/io\/[a-z\d-]+\.ts)$/;

/** Whether a file lies where the import rule sees it: in src, in a domain, or in a domain's io. */
export function isInPlace(file: string): boolean {
  return PLACE.test(file);
}

/** Whether the import rule calls the file pure. */
export function isPure(file: string): boolean {
  return /^[a-z-]+\/[a-z\d-]+\.ts$/.test(file) && !/^(?:agent|cli)\//.test(file);
}

/** What in the text of a pure file reaches outside, besides what Biome refuses. */
export function impureParts(text: string): string[] {
  return [...text.matchAll(IMPURE)].map(([part]) => part);
}

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
