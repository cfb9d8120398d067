import { describe, expect, it } from "vitest";
import { templateContext } from "../../src/conf/render.ts";
import { FORBIDDEN_KEYWORDS } from "../../src/conf/word.ts";
import type { Desired } from "../../src/vrrp/instance.ts";
import { CONF_PATHS, DESIRED } from "../fixtures/desired.ts";
import { readDocument, section, tableRows } from "./readme.ts";

const page = readDocument("docs/use/template.md");
const rows = tableRows(section(page, "context")).map(([name = "", type = "", unit = ""]) => ({
  name: name.replaceAll("`", ""),
  type,
  unit,
}));

/** What an entry of a list is called on the page. */
const SINGULAR: Readonly<Record<string, string>> = { instances: "instance", "instance.excludedVips": "vip" };

/** Every name that a template can reach, with the types that it has. */
function namesOf(desired: Desired): [string, string][] {
  return Object.entries(templateContext(desired, CONF_PATHS)).flatMap(([name, value]) => walk(name, value));
}

function walk(name: string, value: unknown): [string, string][] {
  if (Array.isArray(value)) {
    const inner = SINGULAR[name];
    if (inner === undefined) return value.map((entry) => [name, `list of ${typeName(entry)}`]);
    return [[name, "list"], ...value.flatMap((entry) => walk(inner, entry).slice(1))];
  }
  if (typeof value !== "object" || value === null) return [[name, typeName(value)]];
  return [
    [name, "object"],
    ...Object.entries(value).flatMap(([key, entry]) => walk(`${name}.${key}`, entry)),
  ];
}

function typeName(value: unknown): string {
  return typeof value === "string" ? "text" : typeof value;
}

describe("docs/use/template.md", () => {
  const all = Object.values(DESIRED).flatMap(namesOf);
  const types = Map.groupBy(all, ([name]) => name);

  it("names exactly what a template gets", () => {
    expect(rows.map(({ name }) => name).toSorted()).toEqual([...types.keys()].toSorted());
  });

  it.each(rows)("gives $name its type: $type", ({ name, type }) => {
    const seen = new Set(types.get(name)?.map(([, each]) => each));

    expect(type.split(" or ").toSorted()).toEqual([...seen].toSorted());
  });

  it.each(rows.filter(({ name }) => /Seconds$|address$|prefix$|source$|peers$|Dir$|Fifo$|Log$/.test(name)))(
    "gives $name a unit",
    ({ unit }) => {
      expect(unit).not.toBe("");
    },
  );

  it("forbids what the check forbids, for its reasons", () => {
    const forbidden = tableRows(section(page, "forbidden"));

    expect(forbidden).toEqual(
      Object.entries(FORBIDDEN_KEYWORDS).map(([keyword, why]) => [`\`${keyword}\``, why]),
    );
  });
});
