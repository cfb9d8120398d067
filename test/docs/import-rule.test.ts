import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT, readDocument } from "./readme.ts";

const RULES = [
  "lint/style/noRestrictedImports",
  "lint/style/noRestrictedGlobals",
  "lint/correctness/noNodejsModules",
];

const REFUSED: readonly [from: string, module: string][] = [
  ["src/core", "../io/metadata.ts"],
  ["src/core", "../agent/bell.ts"],
  ["src/core", "../agent.ts"],
  ["src/core", "../cli.ts"],
  ["src/core", "../main.ts"],
  ["src/core", "node:fs"],
  ["src/core", "fs"],
  ["src/core", "node:timers/promises"],
  ["src/core", "axios"],
  ["src/core", "axios/lib/axios.js"],
  ["src/core", "pino"],
  ["src/core", "execa"],
  ["src/core", "chokidar"],
  ["src/core", "p-retry"],
  ["src/core", "prom-client"],
  ["src/io", "./metadata.ts"],
  ["src/io", "../io/metadata.ts"],
  ["src/io", "../agent/bell.ts"],
  ["src/io", "../agent.ts"],
  ["src/io", "../cli.ts"],
  ["src/io", "../main.ts"],
  ["src/agent", "../agent.ts"],
  ["src/agent", "../cli.ts"],
  ["src/agent", "../main.ts"],
  ["src/agent.ts", "./cli.ts"],
  ["src/agent.ts", "./main.ts"],
  ["src/cli.ts", "./main.ts"],
];
const ALLOWED: readonly [from: string, module: string][] = [
  ["src/core", "./address.ts"],
  ["src/core", "valibot"],
  ["src/core", "ipaddr.js"],
  ["src/core", "nunjucks"],
  ["src/core", "yaml"],
  ["src/io", "../core/errors.ts"],
  ["src/io", "node:fs"],
  ["src/io", "axios"],
  ["src/agent", "./bell.ts"],
  ["src/agent", "../core/errors.ts"],
  ["src/agent", "../io/metadata.ts"],
  ["src/agent.ts", "./agent/bell.ts"],
  ["src/agent.ts", "./core/errors.ts"],
  ["src/agent.ts", "./io/metadata.ts"],
  ["src/cli.ts", "./agent.ts"],
  ["src/cli.ts", "./agent/render-once.ts"],
  ["src/cli.ts", "./core/errors.ts"],
  ["src/cli.ts", "./io/metadata.ts"],
];
const IMPURE = [
  "Date.now()",
  "performance.now()",
  "process.env",
  "setTimeout(() => 1)",
  "setInterval(() => 1)",
];

/** A small file that keeps the rule or breaks it. */
interface Probe {
  readonly from: string;
  readonly what: string;
  readonly code: string;
  readonly isRefused: boolean;
}

function importing([from, module]: readonly [string, string], isRefused: boolean): Probe {
  return { from, what: module, code: `import { x } from "${module}";\n\nexport const y = x;\n`, isRefused };
}

function using(from: string, expression: string, isRefused: boolean): Probe {
  return { from, what: expression, code: `export const y = ${expression};\n`, isRefused };
}

/** Each has a folder of its own: the rule goes by the path below it, and some paths have several probes. */
const probes = [
  ...REFUSED.map((pair) => importing(pair, true)),
  ...ALLOWED.map((pair) => importing(pair, false)),
  ...IMPURE.map((expression) => using("src/core", expression, true)),
  ...IMPURE.map((expression) => using("src/io", expression, false)),
].map((probe, index) => ({
  ...probe,
  file: path.join(`probe-${index}`, probe.from.endsWith(".ts") ? probe.from : `${probe.from}/probe.ts`),
}));

let folder: string;
/** Files that one of the rules refuses. */
let refused: ReadonlySet<string>;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "import-rule-"));
  const biome = JSON.parse(readDocument("biome.json"));
  const overrides = biome.overrides.map((override: { includes: string[] }) => ({
    ...override,
    includes: override.includes.map((glob) => `probe-*/${glob}`),
  }));
  writeFileSync(
    path.join(folder, "biome.json"),
    JSON.stringify({ ...biome, vcs: { enabled: false }, overrides }),
  );
  for (const { file, code } of probes) {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(folder, file), code);
  }
  // Biome reads standard input without applying these rules, so the probes are files
  const { stdout } = await execa("biome", ["lint", "--reporter=github", "--max-diagnostics=none", "."], {
    cwd: folder,
    localDir: ROOT,
    preferLocal: true,
    reject: false,
  });
  const findings = stdout.matchAll(/^::\w+ title=([^,]+),file=([^,]+),/gm);
  refused = new Set(
    [...findings].flatMap(([, rule = "", file = ""]) =>
      RULES.includes(rule) ? [path.relative(folder, path.resolve(folder, file))] : [],
    ),
  );
}, 30_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the import rule", () => {
  it.each(probes.filter(({ isRefused }) => isRefused))("refuses $what in $from", ({ file }) => {
    expect(refused).toContain(file);
  });

  it.each(probes.filter(({ isRefused }) => !isRefused))("allows $what in $from", ({ file }) => {
    expect(refused).not.toContain(file);
  });
});
