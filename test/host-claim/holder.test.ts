import { describe, expect, it } from "vitest";
import {
  foreignHolderError,
  inodesBoundTo,
  isStatus,
  isTrustedUser,
  onlyOpener,
  streamsBoundTo,
  untrustedHolderError,
} from "../../src/host-claim/holder.ts";
import { WELL } from "../fixtures/status.ts";

const TABLE = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 40404 @rancher-keepalived
0000000000000000: 00000002 00000000 00010000 0001 01 40405 @rancher-keepalived2
0000000000000000: 00000002 00000000 00010000 0001 01 40406 /run/rancher-keepalived
0000000000000000: 00000003 00000000 00000000 0001 03 40407
0000000000000000: 00000003 00000000 00000000 0001 03 40408 @rancher-keepalived
0000000000000000: 00000003 00000000 00000000 0001 03 0 @rancher-keepalived
`;

it("finds the sockets that are bound to exactly this name", () => {
  expect(inodesBoundTo(TABLE, "rancher-keepalived")).toEqual(["40404", "40408"]);
  expect(inodesBoundTo("", "rancher-keepalived")).toEqual([]);
});

it("finds the stream sockets under the name, those that are accepted, and what looks like one", () => {
  const packets = "0000000000000000: 00000002 00000000 00010000 0005 01 40409 @rancher-keepalived";
  const forged = "0000000000000000: 00000002 00000000 00010000 0001 01 40410 @rancher-keepalived";

  expect(streamsBoundTo(`${TABLE}${packets}\n${forged}\n`, "rancher-keepalived")).toEqual([
    "40404",
    "40408",
    "40410",
  ]);
  expect(streamsBoundTo(packets, "rancher-keepalived")).toEqual([]);
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

it("trusts root and the own user, and nobody where the user cannot be told", () => {
  expect(isTrustedUser(0, 1000)).toBe(true);
  expect(isTrustedUser(1000, 1000)).toBe(true);
  expect(isTrustedUser(65_534, 1000)).toBe(false);
  expect(isTrustedUser(undefined, 1000)).toBe(false);
  expect(isTrustedUser(undefined, undefined)).toBe(false);
});

it("knows the user only where each socket is of this one user", () => {
  expect(onlyOpener([0, 0])).toBe(0);
  expect(onlyOpener([0, 65_534])).toBeUndefined();
  expect(onlyOpener([0, undefined])).toBeUndefined();
  expect(onlyOpener([])).toBeUndefined();
});

it("says why a holder is not believed, and where its user can be told", () => {
  expect(untrustedHolderError([], 65_534).message).toContain("runs as user 65534");
  const unknown = untrustedHolderError([], undefined);
  expect(unknown.message).toContain("cannot tell");
  expect(unknown.hint).toContain("in the agent's container");
});
