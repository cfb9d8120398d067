import path from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { renderCommandsTable } from "../../build/commands-table.ts";
import { renderSettingsTable } from "../../build/settings-table.ts";
import { parseCommandLine } from "../../src/cli/command-line.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { ERRORS } from "../../src/errors.ts";
import { listDocuments } from "./documents.ts";
import { codeLines, ROOT, readDocument, section, tableRows } from "./readme.ts";

const commands = readDocument("docs/use/commands.md");
const { scripts } = JSON.parse(readDocument("package.json")) as { scripts: Record<string, string> };
const shellLines = listDocuments().flatMap((name) => codeLines(readDocument(name), "sh"));

describe("docs/use/settings.md", () => {
  it("has the table that the settings make", () => {
    expect(section(readDocument("docs/use/settings.md"), "settings").trim()).toBe(
      renderSettingsTable().trim(),
    );
  });
});

describe("docs/operate/errors.md", () => {
  const rows = tableRows(section(readDocument("docs/operate/errors.md"), "errors"));

  it("has each code once, in the order of the catalogue, and no other", () => {
    expect(rows.map(([code]) => code)).toEqual(Object.keys(ERRORS).map((code) => `\`${code}\``));
  });

  it("gives the next step that the error itself gives", () => {
    expect(rows.map(([, , step]) => step)).toEqual(Object.values(ERRORS));
  });

  it("says in a sentence what each one means", () => {
    for (const [code, meaning] of rows) expect(meaning, code).toMatch(/^\S.{15,}\.$/);
  });
});

describe("commands in the documents", () => {
  const npmLines = shellLines.filter((line) => line.startsWith("npm "));
  const agentLines = shellLines.filter((line) => line.startsWith("rancher-keepalived"));

  it("are npm's and the agent's", () => {
    expect(npmLines).toContain("npm run demo");
    expect(npmLines).toContain("npm test");
    expect(agentLines.length).toBeGreaterThan(0);
  });

  it.each(npmLines.filter((line) => line !== "npm ci"))("%s is a script of package.json", (line) => {
    const [, first = "", second = ""] = line.split(" ");

    expect(Object.keys(scripts)).toContain(first === "run" ? second : first);
  });

  it("has the table that the commands make", () => {
    expect(section(commands, "commands").trim()).toBe(renderCommandsTable().trim());
  });

  it("names what the help names, and nothing else", async () => {
    const helps = [[], ...COMMANDS.map(({ name }) => [name])].map(async (args) => {
      const { stdout } = await execa("node", [path.join(ROOT, "src/main.ts"), ...args, "--help"]);
      return stdout;
    });
    const help = (await Promise.all(helps)).join("\n");
    const inTable = [...commands.matchAll(/^\| `rancher-keepalived (.+?)` \|/gm)].map(
      ([, usage = ""]) => usage,
    );
    const shown = [...inTable, ...agentLines.map((line) => line.replace(/^rancher-keepalived ?/, ""))];

    const words = new Set(shown.join(" ").match(/(?<![\w-])(?:--)?[a-z][a-z-]+/g));
    const helpWords = new Set(help.match(/(?<![\w-])(?:--)?[a-z][a-z-]+/g));
    expect([...words].filter((word) => !helpWords.has(word))).toEqual([]);
    const options = [...helpWords].filter((word) => word.startsWith("--"));
    expect(options.filter((option) => !commands.includes(option))).toEqual([]);
  });

  it.each(agentLines)("shows %s, which the parser takes", (line) => {
    const [, name = "run"] = line.split(" ");

    expect(parseCommandLine(line.split(" ").slice(1), COMMANDS).command.name).toBe(name);
  });
});
