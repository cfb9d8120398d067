/** Every `docker run` of the documents: the rights, volumes and settings are those of the compose file. */
import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/settings/settings.ts";
import { listDocuments } from "../docs/documents.ts";
import { codeBlocks } from "../docs/readme.ts";
import { parseCompose, readText, TOP } from "./packaged-files.ts";

const agent = parseCompose(TOP.docker).services["keepalived"]!;
/** Each as one line. Those with `...` stand for the one in README.md. */
const runs = listDocuments()
  .flatMap((name) => codeBlocks(readText(name), "sh"))
  .flatMap((block) => block.replaceAll("\\\n", " ").split("\n"))
  .filter(
    (line) => line.startsWith("docker run ") && line.includes("rancher-keepalived:") && !line.includes("..."),
  )
  .map((line) => line.replaceAll(/ +/g, " "));
const starting = runs.filter((line) => line.includes(" -d "));

function valuesOf(line: string, option: string): string[] {
  return [...line.matchAll(new RegExp(` ${option} (\\S+)`, "g"))].map(([, value = ""]) => value);
}

describe("docker run in the documents", () => {
  it("starts the agent once, and shows once what it would do", () => {
    expect([starting.length, runs.length]).toEqual([1, 2]);
  });

  it.each(runs)("is in the host's network, with settings that the agent takes: %s", (line) => {
    const env = valuesOf(line, "--env").map((pair) => pair.split("=") as [string, string]);

    expect(valuesOf(line, "--network")).toEqual(["host"]);
    expect(() => parseSettings(Object.fromEntries(env))).not.toThrow();
  });

  it.each(starting)("has the rights and folders of the compose file: %s", (line) => {
    const folders = (agent["tmpfs"] as string[]).map((folder) => folder.split(":")[0]!);

    expect(valuesOf(line, "--cap-drop")).toEqual(agent["cap_drop"]);
    expect(valuesOf(line, "--cap-add")).toEqual(agent["cap_add"]);
    expect(valuesOf(line, "--cpu-shares")).toEqual([String(agent["cpu_shares"])]);
    expect(valuesOf(line, "--volume")).toEqual(agent["volumes"]);
    expect(valuesOf(line, "--restart")).toEqual([agent["restart"]]);
    expect(folders).toEqual(expect.arrayContaining(valuesOf(line, "--tmpfs")));
    expect(line).toContain(" --read-only ");
  });
});
