import { describe, expect, it } from "vitest";
import { mapText, reuseUnchanged, type TableRead } from "../../src/iptables/table-read.ts";
import { hookedSave } from "../fixtures/nat-saves.ts";

const chain: TableRead = { kind: "table", text: hookedSave() };
const other: TableRead = { kind: "table", text: "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n" };
const absent: TableRead = { kind: "absent" };
const failed: TableRead = { kind: "error", reason: "timeout" };

describe("reuseUnchanged", () => {
  it.each([chain, absent, failed])("gives the earlier object for the same $kind", (before) => {
    expect(reuseUnchanged(before, structuredClone(before))).toBe(before);
  });

  it("takes other base chains for a change, even with the same text", () => {
    const read = { ...chain, beside: [] };
    expect(reuseUnchanged({ ...chain, beside: [] }, read)).toBe(read);
  });

  it.each([
    { before: chain, read: other },
    { before: chain, read: failed },
    { before: failed, read: chain },
    { before: absent, read: failed },
    { before: failed, read: { ...failed, detail: "no save within 1000 ms" } },
    { before: chain, read: { ...chain, beside: ["*nat"] } },
  ])("gives the new read where anything differs", ({ before, read }) => {
    expect(reuseUnchanged(before, read)).toBe(read);
  });
});

describe("mapText", () => {
  it("rewrites the text of a table", () => {
    expect(mapText(other, (text) => text.toLowerCase())).toEqual({
      kind: "table",
      text: "*nat\n:prerouting accept [0:0]\ncommit\n",
    });
  });

  it.each([absent, failed])("leaves $kind as it is", (read) => {
    expect(mapText(read, () => "")).toBe(read);
  });
});
