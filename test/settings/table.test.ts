import { describe, expect, it } from "vitest";
import { renderSettingsTable, replaceSettingsTable } from "../../build/settings-table.ts";
import { defaultOf, readRows } from "../../src/settings/row.ts";
import { ALL_ROWS } from "../../src/settings/table.ts";

const named = ALL_ROWS.map((row) => ({ name: row.variable ?? `label ${row.label}`, row }));

describe("the table of settings", () => {
  it.each(named)("explains $name in full sentences", ({ row }) => {
    expect(row.help).toMatch(/^[A-Z`].+\.$/);
  });

  it.each(named)("has a valid example for $name that differs from its default", ({ row }) => {
    const source = { kind: "environment", name: "example" } as const;

    const { layer, problems } = readRows({ row }, () => ({ raw: row.example, source }));

    expect(problems).toEqual([]);
    expect(layer.row?.value).not.toEqual(defaultOf(row)?.value ?? null);
  });

  it.each(named.filter(({ row }) => row.defaultText !== undefined))(
    "has a valid default for $name",
    ({ row }) => expect(defaultOf(row)?.source.kind).toBe("default"),
  );

  it.each(named)("shows a value of $name as text that means the same", ({ row }) => {
    const source = { kind: "environment", name: "example" } as const;
    const read = (raw: unknown) => readRows({ row }, () => ({ raw, source })).layer.row?.value;
    const value = read(row.example);

    expect(read(row.kind.show?.(value) ?? value)).toEqual(value);
  });

  it.each(["variable", "label", "metadata"] as const)("has no %s twice", (place) => {
    const names = ALL_ROWS.flatMap((row) => row[place] ?? []);

    expect(new Set(names).size).toBe(names.length);
  });

  it("has no label or metadata key for a secret, a command or a path", () => {
    const open = ALL_ROWS.filter((row) => row.label !== undefined || row.metadata !== undefined);

    const dangerous = open.filter(
      (row) => row.isSecret || /command|path/.test(row.kind.allowed.replace("/prefix", "")),
    );
    expect(dangerous).toEqual([]);
  });
});

describe("renderSettingsTable", () => {
  it("has one line for each row, with six cells", () => {
    const lines = renderSettingsTable().trimEnd().split("\n");

    expect(lines).toHaveLength(ALL_ROWS.length + 2);
    for (const line of lines) expect(line.match(/(?<!\\)\|/g)).toHaveLength(7);
  });

  it("shows the names, the allowed values, the unit and the default", () => {
    const row = ALL_ROWS.find(({ variable }) => variable === "ADVERT_INTERVAL")!;

    const line = renderSettingsTable([{ ...row, help: "a | b" }])
      .trimEnd()
      .split("\n")[2];

    expect(line).toBe(
      "| `ADVERT_INTERVAL` |  | `keepalived.advert_interval` | a \\| b " +
        "| 0.05-40.95 in steps of 0.01, or with VRRPv2 a whole number from 1 to 255 (s); e.g. `0.5` " +
        "| `0.2`; 1 with VRRPv2 |",
    );
  });
});

describe("replaceSettingsTable", () => {
  const document =
    "# Title\n<!-- settings:start, by a program -->\n| old |\n<!-- settings:end -->\nThe rest.\n";

  it("replaces what is between the two comments, and nothing else", () => {
    expect(replaceSettingsTable(document, "| costs $1 and $& |\n")).toBe(
      "# Title\n<!-- settings:start, by a program -->\n| costs $1 and $& |\n<!-- settings:end -->\nThe rest.\n",
    );
  });

  it("changes nothing the second time", () => {
    const once = replaceSettingsTable(document, renderSettingsTable());

    expect(replaceSettingsTable(once, renderSettingsTable())).toBe(once);
  });

  it("throws for a document without the comments", () => {
    expect(() => replaceSettingsTable("# Title\n", "| new |\n")).toThrow("settings:start");
  });
});
