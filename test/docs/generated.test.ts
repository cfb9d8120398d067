/** What is made from the tables of commands, options and settings: it is up to date, and shells and man take it. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { GENERATED } from "../../build/generate.ts";
import { renderManPage } from "../../build/man-page.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { OPTIONS } from "../../src/cli/options.ts";
import { ALL_ROWS } from "../../src/settings/table.ts";
import { ROOT, readDocument } from "./readme.ts";

const FOLDER = "docs/use/generated";

describe(FOLDER, () => {
  it.each(Object.entries(GENERATED))("has %s as `npm run settings-table` writes it", (file, render) => {
    expect(readDocument(file)).toBe(render());
  });

  it("has nothing else", () => {
    const files = readdirSync(path.join(ROOT, FOLDER)).map((name) => `${FOLDER}/${name}`);

    const generated = Object.keys(GENERATED).filter((file) => file.startsWith(`${FOLDER}/`));

    expect(files.toSorted()).toEqual(generated.toSorted());
  });
});

describe("the man page", () => {
  const page = renderManPage();

  it("has each command, option and variable", () => {
    const tags = page
      .replaceAll("\\-", "-")
      .split("\n")
      .filter((line) => line.startsWith(".B "));
    const options = COMMANDS.flatMap((command) => command.options).map((name) => `--${name}`);
    const wanted = [...options, ...ALL_ROWS.flatMap(({ variable }) => variable ?? [])];

    expect(wanted.filter((word) => !tags.some((tag) => tag.split(/[ ,]+/).includes(word)))).toEqual([]);
  });

  it("has no line that is syntax by accident", () => {
    const requests = page.split("\n").filter((line) => /^[.']/.test(line));

    expect(requests.filter((line) => !/^\.(?:\\"|TH|SH|TP|B|RS|RE)(?: |$)/.test(line))).toEqual([]);
  });
});

describe("the bash completion", () => {
  /** What bash offers for the words of a line, of which the last one is being written. */
  async function offered(...words: string[]): Promise<string[]> {
    const script = `source "$1" && shift && COMP_WORDS=(rancher-keepalived "$@") && COMP_CWORD=$# &&
      _rancher_keepalived && printf '%s\\n' "\${COMPREPLY[@]}"`;
    const file = path.join(ROOT, FOLDER, "rancher-keepalived.bash");
    const { stdout } = await execa("bash", ["-c", script, "bash", file, ...words], { cwd: ROOT });
    return stdout.split("\n").filter((line) => line !== "");
  }

  it("offers the commands", async () => {
    expect(await offered("")).toEqual(expect.arrayContaining(COMMANDS.map(({ name }) => name)));
    expect(await offered("und")).toEqual(["undrain"]);
  });

  it.each(COMMANDS)("offers the options of $name", async ({ name, options }) => {
    const wanted = [...options, "help", "version"].map((option) => `--${option}`);

    expect((await offered(name, "--")).toSorted()).toEqual(wanted.toSorted());
  });

  it("offers files, interfaces and commands where these are wanted, and nothing for what it cannot know", async () => {
    expect(await offered("check", "--rules", "pack")).toContain("package.json");
    expect(await offered("check", "--interface", "l")).toContain("lo");
    expect(await offered("help", "jour")).toEqual(["journal"]);
    expect(await offered("check", "--ip", "")).toEqual([]);
  });

  it("knows each option that the command line has", () => {
    const text = readDocument(`${FOLDER}/rancher-keepalived.bash`);

    for (const name of Object.keys(OPTIONS)) expect(text).toContain(`--${name}`);
  });
});
