/** The domains of src in their order, and the imports that go against it. */

/** A source file: its path below src, as in `metadata/io/poll.ts`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
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
