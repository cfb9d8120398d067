/** What hosters of repositories read from .github: their forms and workflows, as far as a file itself can be wrong. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readDocument } from "../docs/readme.ts";
import { ROOT, readText } from "./packaged-files.ts";

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly needs?: string;
  readonly "runs-on": string;
  readonly "timeout-minutes": number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: unknown;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const read = (folder: string) =>
  readdirSync(path.join(ROOT, folder)).map((file) => ({ file, text: readText(`${folder}/${file}`) }));
const workflows = read(".github/workflows").map(({ file, text }) => ({
  file,
  text,
  ...(parse(text) as Workflow),
}));
const forms = read(".github/ISSUE_TEMPLATE").map(({ file, text }) => ({ file, ...parse(text) }));
const { scripts } = JSON.parse(readDocument("package.json")) as { scripts: object };

describe.each(workflows)(".github/workflows/$file", ({ text, on, permissions, jobs }) => {
  const steps = Object.values(jobs).flatMap((job) => job.steps);

  it("has a trigger, jobs that end, and reads alone where a job asks for no more", () => {
    expect(on).toBeTypeOf("object");
    expect(permissions).toEqual({ contents: "read" });
    for (const job of Object.values(jobs)) {
      expect(Object.keys(jobs)).toEqual(expect.arrayContaining([job.needs ?? []].flat()));
      expect(job["runs-on"]).toMatch(/^ubuntu-\d/);
      expect(job["timeout-minutes"]).toBeGreaterThan(0);
    }
  });

  it("has steps that use a pinned action or run a command, never both", () => {
    for (const { uses, run } of steps) {
      expect([uses, run].filter((each) => each !== undefined)).toHaveLength(1);
      if (uses !== undefined) expect(uses).toMatch(/^[a-z-]+\/[a-z-]+@v\d+$/);
    }
  });

  it("runs scripts that package.json has", () => {
    const npm = steps
      .flatMap(({ run = "" }) => [...run.matchAll(/\bnpm (?:run )?([\w:]+)/g)])
      .map(([, name]) => name!);

    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(npm));
  });

  it("closes each expression, and asks for outputs of steps of the same job alone", () => {
    expect(text.match(/\$\{\{/g)?.length).toBe(text.match(/\$\{\{ [\w.-]+ \}\}/g)?.length);
    for (const job of Object.values(jobs)) {
      const asked = [...JSON.stringify(job).matchAll(/steps\.(\w+)\.outputs/g)].map(([, id]) => id!);
      expect(job.steps.flatMap(({ id }) => id ?? [])).toEqual(expect.arrayContaining(asked));
    }
  });

  it("hands no expression to a shell, where its value would be a command", () => {
    expect(steps.filter(({ run }) => run?.includes("${{"))).toEqual([]);
  });
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
