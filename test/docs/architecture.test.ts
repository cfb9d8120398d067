import { describe, expect, it } from "vitest";
import {
  backwardImports,
  domainOf,
  impureParts,
  isInPlace,
  isPure,
  listSourcePaths,
  readSourceFiles,
} from "./architecture.ts";
import { readDocument, section, tableRows } from "./readme.ts";

const files = readSourceFiles();
const rows = tableRows(section(readDocument("docs/design/architecture.md"), "domains"));
const order = rows.map(([domain = ""]) => domain.replaceAll("`", ""));

describe("the domains in docs/design/architecture.md", () => {
  it("are the folders of src, errors.ts and main.ts", () => {
    expect(order.toSorted()).toEqual([...new Set(files.map((file) => domainOf(file.path)))].toSorted());
  });

  it.each(files)("stand in import order: $path imports no later one", (file) => {
    expect(backwardImports([file], order)).toEqual([]);
  });
});

describe("a file of src", () => {
  it("lies where the import rule sees it", () => {
    expect(listSourcePaths().filter((file) => !isInPlace(file))).toEqual([]);
  });

  it.each(["x.ts", "vrrp/deep/x.ts", "vrrp/x.mts", "vrrp/x.js", "vrrp/io/x.pl", "vrrp/io/deep/x.ts"])(
    "does not lie at %s",
    (file) => {
      expect(isInPlace(file)).toBe(false);
    },
  );

  it.each(files.filter((file) => isPure(file.path)))("reaches nothing outside: $path", ({ text }) => {
    expect(impureParts(text)).toEqual([]);
  });

  it.each([
    "Math.random()",
    "import.meta.url",
    "import(`../wire/io/wire.ts`)",
    "import(name)",
    'type Wire = import("../wire/io/wire.ts").Wire;',
    "createRequire(root)",
  ])("is not pure with %s", (text) => {
    expect(impureParts(text)).not.toEqual([]);
  });
});

it("nothing that decides about a VIP imports what other hosts say over HTTP", () => {
  const importers = files.filter(({ text }) => /"\.{1,2}\/(?:\.\.\/)?cluster\//.test(text));
  const domains = [...new Set(importers.map((file) => domainOf(file.path)))].toSorted();

  expect(domains).toEqual(["cli", "http"]);
});

describe("an import of a later domain", () => {
  const inOrder = ["errors.ts", "text", "metadata", "agent"];
  const importing = (line: string) => [{ path: "metadata/io/poll.ts", text: `${line}\n` }];

  it.each([
    { why: "a value", line: 'import { runAgent } from "../../agent/agent.ts";' },
    { why: "a type alone", line: 'import type { AgentOptions } from "../../agent/agent.ts";' },
    { why: "many lines", line: 'import {\n  runAgent,\n} from "../../agent/agent.ts";' },
    { why: "a load at run time", line: 'const { runAgent } = await import("../../agent/agent.ts");' },
    { why: "a re-export", line: 'export { runAgent } from "../../agent/agent.ts";' },
    { why: "for its effects", line: 'import "../../agent/agent.ts";' },
    { why: "a template", line: "const agent = await import(`../../agent/agent.ts`);" },
    { why: "a comment before it", line: 'const agent = await import(/* later */ "../../agent/agent.ts");' },
  ])("is found: $why", ({ line }) => {
    expect(backwardImports(importing(line), inOrder)).toEqual(["metadata/io/poll.ts -> agent/agent.ts"]);
  });

  it("is also one of a domain that the order does not have", () => {
    const line = 'import { tend } from "../../garden/tend.ts";';

    expect(backwardImports(importing(line), inOrder)).toEqual(["metadata/io/poll.ts -> garden/tend.ts"]);
  });

  it.each([
    'import { AgentError } from "../../errors.ts";',
    'import { escapeText } from "../../text/escape.ts";',
    'import { readVersion } from "./client.ts";',
    'import { execa } from "execa";',
  ])("is not %s", (line) => {
    expect(backwardImports(importing(line), inOrder)).toEqual([]);
  });
});

/** The whole environment of these programs is a parameter, so their callers are judged. */
const GIVEN_ENVIRONMENT = new Set(["system/io/run-program.ts"]);

it("no program gets the agent's environment, which has secrets", () => {
  const isStarter = (text: string) =>
    /import \{[^}]*\b(?:execa|spawn|runProgram)\b[^}]*\} from/.test(text) &&
    !text.includes("import type { execa");
  const starters = files.filter(({ path, text }) => isStarter(text) && !GIVEN_ENVIRONMENT.has(path));
  const careless = starters.filter(({ text }) => !/(?:bareEnvironment|saveProgramOptions)\(/.test(text));

  expect(starters.length).toBeGreaterThan(10);
  expect(careless.map(({ path }) => path)).toEqual([]);
});
