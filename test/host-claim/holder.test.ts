import { describe, expect, it } from "vitest";
import { foreignHolderError, inodesBoundTo, isStatus } from "../../src/host-claim/holder.ts";
import { WELL } from "../fixtures/status.ts";

const TABLE = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 40404 @rancher-keepalived
0000000000000000: 00000002 00000000 00010000 0001 01 40405 @rancher-keepalived2
0000000000000000: 00000002 00000000 00010000 0001 01 40406 /run/rancher-keepalived
0000000000000000: 00000003 00000000 00000000 0001 03 40407
0000000000000000: 00000003 00000000 00000000 0001 03 40408 @rancher-keepalived
`;

it("finds the sockets that are bound to exactly this name", () => {
  expect(inodesBoundTo(TABLE, "rancher-keepalived")).toEqual(["40404", "40408"]);
  expect(inodesBoundTo("", "rancher-keepalived")).toEqual([]);
});

describe("what answers on the socket", () => {
  it("is an agent where it sends a status", () => {
    expect(isStatus(JSON.parse(JSON.stringify(WELL)))).toBe(true);
  });

  it.each([[undefined], [null], [7], ["x"], [[]], [{}], [{ agent: null, instances: [], problems: [] }]])(
    "is not an agent where it sends %j",
    (answer) => expect(isStatus(answer)).toBe(false),
  );
});

it("names the visible holders", () => {
  expect(foreignHolderError([{ pid: 7, name: "nc" }]).message).toContain("nc (pid 7) has the socket");
  expect(foreignHolderError([]).message).toContain("a process that is not visible from here has the socket");
});
