import { expect, it } from "vitest";
import { findBarrier, readerOf } from "../../src/system/path-access.ts";

const status = (capabilities: string) =>
  `Name:\tkeepalived\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t9 10 \nCapEff:\t${capabilities}\n`;

it("takes from /proc who reads files", () => {
  expect(readerOf(status("0000000000003000"))).toEqual({
    user: 4,
    groups: new Set([8, 9, 10]),
    mayBypass: false,
  });
  expect(readerOf(status("0000000000000002"))?.mayBypass).toBe(true);
  expect(readerOf(status("0000000000000004"))?.mayBypass).toBe(true);
  expect(readerOf("")).toBeUndefined();
});

it("names the first part of the path that bars the reader", () => {
  const reader = { user: 4, groups: new Set([8]), mayBypass: false };
  const root = { path: "/", user: 0, group: 0, mode: 0o755 };
  const folder = { path: "/x", user: 0, group: 8, mode: 0o710 };
  const file = { path: "/x/file", user: 0, group: 0, mode: 0o600 };

  expect(findBarrier(reader, [root, folder, file])).toBe(
    "user 4 may not read /x/file (mode 600, user 0, group 0)",
  );
  expect(findBarrier(reader, [root, { ...folder, mode: 0o701 }, file])).toMatch(/^user 4 may not enter \/x /);
  expect(findBarrier({ ...reader, mayBypass: true }, [root, folder, file])).toBeUndefined();
});
