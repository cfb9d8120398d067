import { describe, expect, it } from "vitest";
import { mapText, reuseUnchanged, type TableRead } from "../../src/iptables/table-read.ts";
import { hookedSave } from "../fixtures/nat-saves.ts";

const chain: TableRead = { kind: "table", text: hookedSave() };
const other: TableRead = { kind: "table", text: "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n" };
const absent: TableRead = { kind: "absent" };
const failed: TableRead = { kind: "error", reason: "timeout" };

describe("reuseUnchanged", () => {
  it("gives the earlier object for the same text", () => {
    expect(reuseUnchanged(chain, { kind: "table", text: hookedSave() })).toBe(chain);
  });

  it.each([
    { before: chain, read: other },
    { before: chain, read: failed },
    { before: failed, read: chain },
    { before: absent, read: absent },
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
