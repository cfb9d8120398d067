import { describe, expect, it } from "vitest";
import { ALL_ROWS } from "../../src/settings/table.ts";
import { variablesOf } from "./interpolation.ts";
import { CATALOG, CONFIG, catalog, parseCompose, QUESTION_FIELDS, TOP } from "./packaged-files.ts";

const TYPES = [
  "string",
  "int",
  "boolean",
  "password",
  "service",
  "enum",
  "multiline",
  "certificate",
  "secret",
];
const WHOLE_NUMBERS = ["min", "max", "min_length", "max_length"] as const;
const { questions } = catalog;

function used(): string[] {
  const [dockerServices, rancherServices] = [CATALOG.docker, CATALOG.rancher].map((text) =>
    JSON.stringify(parseCompose(text).services),
  );
  const inActions = [...CATALOG.docker.matchAll(/\.Values\.(\w+)/g)].map(([, name = ""]) => name);
  return [...variablesOf(`${dockerServices}${rancherServices}`), ...inActions];
}

describe("the questions of the catalog entry", () => {
  it("are each used, and each used variable is asked for, once", () => {
    const asked = questions.map(({ variable }) => variable);

    expect([...new Set(used())].toSorted()).toEqual(asked.toSorted());
    expect(new Set(asked).size).toBe(asked.length);
  });

  it("stand group by group", () => {
    const groups = questions.map(({ group }) => group);
    const runs = groups.filter((group, index) => group !== groups[index - 1]);

    expect(runs).toEqual(["Virtual IP", "Hosts", "Health", "VRRP", "Agent"]);
  });
});

describe.each(questions)("the question $variable", (question) => {
  const { variable, label, description, type, options, required } = question;
  const isAnswered = question.default !== undefined;

  it("has a name that can be used, and only fields that Rancher knows", () => {
    expect(variable).toMatch(/^[A-Z][A-Z0-9_]*$/);
    expect(QUESTION_FIELDS).toEqual(expect.arrayContaining(Object.keys(question)));
  });

  it("has a type that Rancher's form knows, and options where it has to choose", () => {
    expect(TYPES).toContain(type);
    expect(Array.isArray(options)).toBe(type === "enum");
    if (type === "enum") expect(options).toContain(question.default);
  });

  it("tells a stranger what is asked, in sentences", () => {
    expect(label).toMatch(/^[A-Z].{3,50}[^.]$/);
    expect(description).toMatch(/^[A-Z].{20,}\.$/s);
    expect(description).not.toContain("{{");
  });

  it("has real booleans and numbers, and a default that is text", () => {
    expect([undefined, true]).toContain(required);
    for (const field of WHOLE_NUMBERS) {
      if (question[field] !== undefined) expect(question[field]).toSatisfy(Number.isInteger);
    }
    expect([undefined, "string"]).toContain(isAnswered ? typeof question.default : undefined);
  });

  it("must be answered where the form has a default to answer it with, and only there", () => {
    expect(required === true).toBe(isAnswered || ["VIRTUAL_IP", "IMAGE"].includes(variable));
  });

  it("takes its own default, and the example of the setting that it is for", () => {
    const example = ALL_ROWS.find((row) => row.variable === variable)?.example;
    const texts = [question.default, type === "secret" ? undefined : example].filter(
      (text) => text !== undefined,
    );
    for (const text of texts) expect(objections(question, String(text))).toEqual([]);
  });
});

/** What Rancher's form would say of an answer; `valid_chars` and `invalid_chars` are the inside of a [...]. */
function objections(question: (typeof questions)[number], text: string): string[] {
  const { type, min, max, min_length, max_length, valid_chars, invalid_chars } = question;
  const isOutside = (value: number, low: unknown, high: unknown) =>
    (typeof low === "number" && value < low) || (typeof high === "number" && value > high);
  const found: string[] = [];
  if (type === "int" && (!/^\d+$/.test(text) || isOutside(Number(text), min, max))) found.push("number");
  if (type === "boolean" && !["true", "false"].includes(text)) found.push("boolean");
  if (isOutside(text.length, min_length, max_length)) found.push("length");
  if (valid_chars && new RegExp(`[^${valid_chars}]`).test(text)) found.push("valid_chars");
  if (invalid_chars && new RegExp(`[${invalid_chars}]`).test(text)) found.push("invalid_chars");
  return found;
}

describe("the form, as these tests know it", () => {
  it.each([
    ["VRID", "256"],
    ["VRID", "a"],
    ["HOST_LABEL", "Keepalived = true"],
    ["INTERFACE", "an/interface"],
    ["VIRTUAL_IP", "gateway"],
    ["PREEMPT", "yes"],
    ["IMAGE", ""],
  ])("objects to %s being %j", (variable, text) => {
    expect(objections(questions.find((question) => question.variable === variable)!, text)).not.toEqual([]);
  });
});

describe("the host label", () => {
  const question = questions.find(({ variable }) => variable === "HOST_LABEL")!;

  it("cannot be empty, or the agent would run on every host", () => {
    expect(question).toMatchObject({ required: true, default: "keepalived=true", min_length: 3 });
  });

  it("is by default the one of the top-level pair", () => {
    const [agent] = Object.values(parseCompose(TOP.docker).services);
    expect(agent?.labels["io.rancher.scheduler.affinity:host_label"]).toBe(question.default);
  });
});

describe("the catalog entry's own data", () => {
  it("has what Rancher reads", () => {
    expect(CONFIG).toMatchObject({
      name: "rancher-keepalived",
      category: "Networking",
      labels: { "io.rancher.orchestration.supported": "cattle" },
    });
    expect(Object.keys(catalog)).toEqual([
      "name",
      "version",
      "description",
      "uuid",
      "minimum_rancher_version",
      "questions",
    ]);
  });

  it("needs the first Rancher whose templates know the name of the stack", () => {
    expect(catalog["minimum_rancher_version"]).toBe("v1.6.6");
  });
});
