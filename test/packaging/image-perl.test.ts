/** The agent's Perl programs find their modules in the image, which leaves most of Perl out. */
import { cpSync, globSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";

const ROOT = path.join(import.meta.dirname, "../..");
const textOf = (file: string) => readFileSync(path.join(ROOT, file), "utf8");
/** What the Dockerfile deletes below a folder, but for one pattern of paths. */
const TRIM = /find (\/usr\/lib\/\*\/perl) -type f ! -path '(\S+)' -delete/;
/** A pragma, such as `use strict`, is part of perl-base. */
const USE = /^(?:.*; )?use ([A-Z]\w*(?:::\w+)*)/gm;

const sources = globSync(["src/**/*.pl", "src/**/*.ts"], { cwd: ROOT });
const modules = new Set(
  sources.flatMap((file) => [...textOf(file).matchAll(USE)].map(([, name = ""]) => name)),
);

let kept = "";
let searchPath: string[] = [];

beforeAll(async () => {
  kept = mkdtempSync(path.join(tmpdir(), "image-perl-"));
  const [, folder = "", pattern = ""] = TRIM.exec(textOf("Dockerfile"))!;
  const isKept = new RegExp(`^${RegExp.escape(pattern).replaceAll("\\*", ".*")}$`);
  const [source = ""] = globSync(folder);
  for (const file of globSync(`${source}/**`, { withFileTypes: true })) {
    const whole = path.join(file.parentPath, file.name);
    if (file.isFile() && isKept.test(whole))
      cpSync(whole, path.join(kept, path.relative(source, whole)), { recursive: true });
  }
  const { stdout } = await execa("perl", ["-e", 'print join "\\n", grep { -d } @INC']);
  searchPath = stdout.split("\n").flatMap((dir) => {
    if (dir.endsWith("/perl-base")) return [dir];
    const relative = path.relative(source, realpathSync(dir));
    return relative.startsWith("..") ? [] : [path.join(kept, relative)];
  });
});

afterAll(() => rmSync(kept, { recursive: true }));

/** Loads a module as the image would. */
function load(module: string) {
  const script = `BEGIN { @INC = splice @ARGV } require ${module}; print "loaded"`;
  return execa("perl", ["-e", script, ...searchPath], { reject: false });
}

it("lacks what no program of the agent uses", async () => {
  expect(modules.size).toBeGreaterThan(2);
  expect((await load("Data::Dumper")).stderr).toMatch(/^Can't locate Data\/Dumper\.pm/);
});

it.each([...modules])("has %s", async (module) => {
  expect(await load(module)).toMatchObject({ stdout: "loaded", stderr: "" });
});
