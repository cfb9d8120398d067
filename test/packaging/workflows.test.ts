/** What hosters of repositories read from .github: their forms and workflows, as far as a file itself can be wrong. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readDocument } from "../docs/readme.ts";
import { ROOT, readText } from "./packaged-files.ts";
import { lintWorkflow, type WorkflowFile } from "./workflow-lint.ts";

const read = (folder: string) =>
  readdirSync(path.join(ROOT, folder)).map((file) => ({ file, text: readText(`${folder}/${file}`) }));
const workflows = read(".github/workflows").map(({ file, text }) => ({
  file,
  text,
  ...(parse(text) as WorkflowFile),
}));
const forms = read(".github/ISSUE_TEMPLATE").map(({ file, text }) => ({ file, ...parse(text) }));
const { scripts } = JSON.parse(readDocument("package.json")) as { scripts: object };

describe.each(workflows)(".github/workflows/$file", ({ text, permissions, jobs }) => {
  it("is as GitHub reads it: keys, jobs, steps, actions, expressions and commands", () => {
    expect(lintWorkflow(text)).toEqual([]);
  });

  it("reads alone where a job asks for no more", () => {
    expect(permissions).toEqual({ contents: "read" });
  });

  it("runs scripts that package.json has", () => {
    const npm = Object.values(jobs)
      .flatMap((job) => job.steps)
      .flatMap(({ run = "" }) => [...run.matchAll(/\bnpm (?:run )?([\w:]+)/g)])
      .map(([, name]) => name!);

    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(npm));
  });
});

const GOOD = readText(".github/workflows/release.yml");

it.each<[string, string | RegExp, string, RegExp]>([
  ["a key that GitHub does not know", "timeout-minutes: 45", "timeout: 45", /jobs\.test\.timeout/],
  ["no limit of time", "    timeout-minutes: 45\n", "", /timeout-minutes/],
  ["a label that changes its meaning", "ubuntu-24.04", "ubuntu-latest", /runs-on/],
  ["a permission that does not exist", "id-token: write", "id_token: write", /id_token/],
  ["an event that does not exist", "  push:\n    tags", "  pushed:\n    tags", /pushed/],
  ["a job that is not there", "needs: test", "needs: tests", /needs tests/],
  ["an action without a version", "actions/checkout@v4", "actions/checkout", /no action of the list/],
  ["an action of a branch", "docker/login-action@v3", "docker/login-action@master", /no action of the list/],
  ["an input that the action lacks", "build-args: |", "build_args: |", /has no input build_args/],
  ["two steps of one id", "id: push", "id: names", /two steps are called names/],
  ["an output that no step has", "outputs.digest", "outputs.digests", /steps\.push\.outputs\.digests/],
  [
    "an output of a later step",
    "outputs.version }}\n          build",
    "outputs.digest }}\n          build",
    /no earlier step/,
  ],
  ["an unknown context", "github.sha", "git.sha", /git\.sha is no value/],
  ["a misspelt property", "github.server_url", "github.serverurl", /github\.serverurl is no value/],
  ["an expression that is not closed", /(github\.sha \})\}/, "$1", /not closed/],
  [
    "an expression in a command",
    /run: npm test\n([\s\S]*?)(\$\{\{ github\.sha \}\})/,
    "run: npm test $2\n$1$2",
    /would be run/,
  ],
  ["a command that no shell reads", "run: npm test", "run: npm test && (", /the shell refuses/],
  [
    "a step that does nothing",
    "      - run: npm test\n",
    "      - name: test\n",
    /has to use an action or run/,
  ],
])("a workflow with %s is refused", (_, from, to, fault) => {
  const broken = GOOD.replace(from, to);

  expect(broken).not.toBe(GOOD);
  expect(lintWorkflow(broken).join("\n")).toMatch(fault);
});

describe("the release", () => {
  const image = workflows.find(({ file }) => file === "release.yml")?.jobs["image"];
  const push = image?.steps.find(({ id }) => id === "push")?.with;

  it("follows the tests, for both architectures, with SBOM and provenance", () => {
    expect(image?.needs).toBe("test");
    expect(push).toMatchObject({
      platforms: "linux/amd64,linux/arm64",
      push: true,
      sbom: true,
      provenance: "mode=max",
    });
    expect(image?.permissions).toMatchObject({
      packages: "write",
      "id-token": "write",
      attestations: "write",
    });
  });

  it("gives the image each build argument that the Dockerfile has labels for", () => {
    const wanted = [...readText("Dockerfile").matchAll(/^LABEL[\s\S]*$|^ {6}org\..*$/gm)]
      .join("")
      .match(/(?<=\$\{)\w+/g);
    const given = String(push?.["build-args"]).match(/^\w+/gm);

    expect(new Set(given)).toEqual(new Set(wanted));
  });
});

describe.each(forms)(".github/ISSUE_TEMPLATE/$file", ({ name, description, labels, body }) => {
  it("is a form with questions", () => {
    expect([typeof name, typeof description]).toEqual(["string", "string"]);
    expect(labels).toBeInstanceOf(Array);
    for (const { type, attributes } of body) {
      expect(["input", "textarea"]).toContain(type);
      expect(attributes.label).toMatch(/\w/);
    }
  });
});
