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
  "plugin",
];
/** What the plugins of the linter refuse, and where: tables of names, and JSON that is printed as it is. */
const PLUGIN_PROBES: readonly [from: string, expression: string, isRefused: boolean][] = [
  ["src/health", "Object.fromEntries([])", true],
  ["src/health/io", "v.record(v.string(), v.string())", true],
  ["src/cli", "JSON.stringify({}, undefined, 2)", true],
  ["src/http/io", "JSON.stringify({})", true],
  ["src/journal", "JSON.stringify({})", true],
  ["src/health", "JSON.stringify({})", false],
  ["test/health", "Object.fromEntries([])", false],
];

/** Where the importing file lies: a pure file, one of a domain's io, and those that wire. */
const REFUSED: readonly [from: string, module: string][] = [
  ["src/health", "./io/check.ts"],
  ["src/health", "../health/io/check.ts"],
  ["src/health", "../metadata/io/client.ts"],
  ["src/health", "../agent/agent.ts"],
  ["src/health", "../cli/cli.ts"],
  ["src/health", "../main.ts"],
  ["src/health", "../../test/closing-line.ts"],
  ["src/health", "node:fs"],
  ["src/health", "fs"],
  ["src/health", "node:timers/promises"],
  ["src/health", "axios"],
  ["src/health", "axios/lib/axios.js"],
  ["src/health", "pino"],
  ["src/health", "execa"],
  ["src/health", "chokidar"],
  ["src/health", "pino-pretty"],
  ["src/health", "prom-client"],
  ["src/health/io", "../../agent/agent.ts"],
  ["src/health/io", "../../cli/cli.ts"],
  ["src/health/io", "../../main.ts"],
  ["src/agent", "../cli/cli.ts"],
  ["src/agent", "../main.ts"],
  ["src/cli", "../main.ts"],
];
const ALLOWED: readonly [from: string, module: string][] = [
  ["src/health", "./plan.ts"],
  ["src/health", "../errors.ts"],
  ["src/health", "../network/address.ts"],
  ["src/health", "valibot"],
  ["src/health", "ipaddr.js"],
  ["src/health", "nunjucks"],
  ["src/health", "yaml"],
  ["src/health/io", "./check.ts"],
  ["src/health/io", "../plan.ts"],
  ["src/health/io", "../../errors.ts"],
  ["src/health/io", "../../network/address.ts"],
  ["src/health/io", "../../metadata/io/client.ts"],
  ["src/health/io", "node:fs"],
  ["src/health/io", "axios"],
  ["src/agent", "./reconcile.ts"],
  ["src/agent", "../errors.ts"],
  ["src/agent", "../metadata/io/client.ts"],
  ["src/agent", "node:path"],
  ["src/cli", "../agent/agent.ts"],
  ["src/cli", "../metadata/io/client.ts"],
];
const IMPURE = [
  "Date.now()",
  "performance.now()",
  "process.env",
  "setTimeout(() => 1)",
  "setInterval(() => 1)",
  "setImmediate(() => 1)",
  "globalThis.setTimeout",
  "global.process",
  "crypto.randomUUID()",
  'fetch("http://192.0.2.1/")',
  "AbortSignal.timeout(1)",
  "new Intl.DateTimeFormat().format()",
  'new Function("return process")()',
];

/** What a calendar needs of `Date`; the one file that may use it is src/text/instant.ts. */
const CALENDAR = ["Date.UTC(2026, 1)", 'Date.parse("2026-01-01")', "new Date(7).toISOString()"];

/** A small file that keeps the rule or breaks it. */
interface Probe {
  /** Folder that the rule sees the file in. */
  readonly from: string;
  readonly name?: string;
  readonly what: string;
  readonly code: string;
  readonly isRefused: boolean;
}

function importing([from, module]: readonly [string, string], isRefused: boolean): Probe {
  return { from, what: module, code: `import { x } from "${module}";\n\nexport const y = x;\n`, isRefused };
}

function using(from: string, expression: string, isRefused: boolean, name = "probe.ts"): Probe {
  return { from, name, what: expression, code: `export const y = ${expression};\n`, isRefused };
}

/** Each has a folder of its own: the rule goes by the path below it, and some paths have several probes. */
const probes = [
  ...REFUSED.map((pair) => importing(pair, true)),
  ...ALLOWED.map((pair) => importing(pair, false)),
  ...PLUGIN_PROBES.map((probe) => using(...probe)),
  ...IMPURE.map((expression) => using("src/health", expression, true)),
  ...IMPURE.map((expression) => using("src/health/io", expression, false)),
  ...CALENDAR.map((expression) => using("src/text", expression, false, "instant.ts")),
  ...CALENDAR.map((expression) => using("src/text", expression, true, "escape.ts")),
  ...CALENDAR.map((expression) => using("src/health", expression, true, "instant.ts")),
  ...IMPURE.filter((expression) => !expression.startsWith("Date")).map((expression) =>
    using("src/text", expression, true, "instant.ts"),
  ),
].map(({ name = "probe.ts", ...probe }, index) => ({
  ...probe,
  name,
  file: path.join(`probe-${index}`, probe.from, name),
}));

let folder: string;
/** Files that one of the rules refuses. */
let refused: ReadonlySet<string>;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "import-rule-"));
  const biome = JSON.parse(readDocument("biome.json"));
  const overrides = biome.overrides.map((override: { includes: string[]; plugins?: string[] }) => ({
    ...override,
    ...(override.plugins && { plugins: override.plugins.map((file) => path.join(ROOT, file)) }),
    includes: override.includes.map((glob) =>
      glob.startsWith("!") ? `!probe-*/${glob.slice(1)}` : `probe-*/${glob}`,
    ),
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
});

afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }));

describe("the import rule", () => {
  it.each(probes.filter(({ isRefused }) => isRefused))("refuses $what in $from/$name", ({ file }) => {
    expect(refused).toContain(file);
  });

  it.each(probes.filter(({ isRefused }) => !isRefused))("allows $what in $from/$name", ({ file }) => {
    expect(refused).not.toContain(file);
  });

  it("lets src/text/instant.ts have a calendar, but no clock", () => {
    const code = readDocument("src/text/instant.ts").replaceAll(/\/\*\*.*?\*\/|\/\/[^\n]*/gs, "");

    const uses = code.match(/(?:new )?\bDate\b(?:\.\w+)?(?:\(.)?/g) ?? [];
    expect(uses.length).toBeGreaterThan(0);
    for (const use of uses) expect(use).toMatch(/^(?:Date\.(?:UTC|parse)\(.|new Date\([^)])$/);
  });
});
