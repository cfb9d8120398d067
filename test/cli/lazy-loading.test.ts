/** What a command alone needs is loaded by that command alone: the graph of imports as the bundler sees it. */
import { isBuiltin } from "node:module";
import path from "node:path";
import { build, stop } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";

const ROOT = path.join(import.meta.dirname, "..", "..");
/** Files of cli that begin a command; `version` needs none. */
/** `undrain` is in the file of `drain`. */
const COMMAND_FILES = COMMANDS.map(({ name }) => `src/cli/${name}.ts`).filter(
  (file) => !/version|undrain/.test(file),
);

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isDynamic: boolean;
  /** `to` is a package, or a module of Node. */
  readonly isExternal: boolean;
}
let imports: Import[];

beforeAll(async () => {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["src/main.ts"],
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    write: false,
    metafile: true,
  });
  imports = Object.entries(metafile.inputs).flatMap(([from, input]) =>
    input.imports.map(({ path: to, kind, external }) => ({
      from,
      to,
      isDynamic: kind === "dynamic-import",
      isExternal: external === true,
    })),
  );
});

// its process would go on
afterAll(() => stop());

/** All files, packages and modules of Node that are loaded with these files. */
function reachedBy(...files: string[]): Set<string> {
  const reached = new Set(files);
  for (const file of reached) {
    for (const { from, to, isDynamic } of imports) if (from === file && !isDynamic) reached.add(to);
  }
  return reached;
}

/** All files that are loaded with these. */
function loadedWith(...files: string[]): Set<string> {
  return new Set([...reachedBy(...files)].filter((file) => file.startsWith("src/")));
}

/** The packages that are loaded with these files. */
function packagesOf(...files: string[]): string[] {
  const external = new Set(imports.filter(({ isExternal }) => isExternal).map(({ to }) => to));
  return [...reachedBy(...files)].filter((name) => external.has(name) && !isBuiltin(name));
}

it("loads the stand-in metadata server by its command alone", () => {
  const ofServer = (file: string) => file.startsWith("src/metadata-server/");
  const importers = imports.filter(({ from, to }) => ofServer(to) && !ofServer(from)).map(({ from }) => from);

  expect(new Set(importers)).toEqual(new Set(["src/cli/metadata-server.ts"]));
  for (const file of ["src/main.ts", ...COMMAND_FILES]) {
    const isLoaded = [...loadedWith(file)].some(ofServer);
    expect(isLoaded, file).toBe(file === "src/cli/metadata-server.ts");
  }
});

it("loads each command from the table of commands alone, when it runs", () => {
  for (const file of COMMAND_FILES) {
    const importers = imports.filter(({ to }) => to === file);
    // one file may hold two commands
    const [first, ...others] = importers;
    for (const other of others) expect(other, file).toEqual(first);
    expect([first], file).toMatchObject([{ from: "src/cli/commands.ts", to: file, isDynamic: true }]);
  }
});

it("loads with the process only the parser, the errors and texts, and no logger", () => {
  const domains = [...loadedWith("src/main.ts")].map((file) => file.split("/")[1]);

  expect(new Set(domains)).toEqual(new Set(["main.ts", "errors.ts", "cli", "text"]));
});

it("loads no package, no setting and no derivation to print a status, which the image does every 30 s", () => {
  const domains = [...loadedWith("src/main.ts", "src/cli/status.ts")].map((file) => file.split("/")[1]);

  expect(packagesOf("src/main.ts", "src/cli/status.ts")).toEqual([]);
  expect(domains).toEqual(expect.arrayContaining(["status", "host-claim"]));
  for (const domain of ["settings", "network", "groups", "conf"]) expect(domains).not.toContain(domain);
});

it("loads the agent with run alone", () => {
  const agent = COMMAND_FILES.filter((file) => loadedWith(file).has("src/agent/agent.ts"));

  expect(agent).toEqual(["src/cli/run.ts"]);
});
