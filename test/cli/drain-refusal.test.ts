import { describe, expect, it } from "vitest";
import { drainRefusal } from "../../src/cli/drain-refusal.ts";
import { instanceStatus } from "../../src/keepalived/instance-status.ts";
import type { MemberStatus } from "../../src/metadata/member-status.ts";
import type { Status } from "../../src/status/status.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { statusOf } from "../fixtures/status.ts";

const AT = "2026-11-22T14:00:00.000Z";

describe("a drain", () => {
  const peer: MemberStatus = {
    host: "node-2",
    uuid: "u2",
    addresses: ["198.51.100.12"],
    presence: "running",
  };
  const inState = (state: string, change: Partial<Status> = {}) =>
    statusOf({
      instances: [instanceStatus(INSTANCE, { name: state, since: AT })],
      members: [peer],
      ...change,
    });
  const remembered = { source: "last-good", version: "v1", readAt: undefined } as const;

  it.each<{ why: string; status: Status }>([
    { why: "a peer of the owner runs", status: inState("MASTER") },
    { why: "a backup hears an owner, whatever metadata says", status: inState("BACKUP", { members: [] }) },
    { why: "the host owns nothing anyway", status: inState("FAULT", { members: [] }) },
  ])("is given if $why", ({ status }) => {
    expect(drainRefusal(status, undefined)).toBeUndefined();
  });

  it.each<{ why: string; status: Status; refusal: string }>([
    {
      why: "the owner is alone",
      status: inState("MASTER", { members: [] }),
      refusal: "metadata shows no other running host for main",
    },
    {
      why: "its only peer is disconnected",
      status: inState("MASTER", { members: [{ ...peer, presence: "disconnected" }] }),
      refusal: "metadata shows no other running host for main",
    },
    {
      why: "the other host is no peer of the group",
      status: inState("MASTER", { members: [{ ...peer, addresses: ["198.51.100.99"] }] }),
      refusal: "metadata shows no other running host for main",
    },
    {
      why: "metadata is only remembered",
      status: inState("MASTER", { metadata: remembered }),
      refusal: "without live metadata it is unknown whether another host of main runs",
    },
  ])("is refused if $why", ({ status, refusal }) => {
    expect(drainRefusal(status, undefined)).toBe(refusal);
  });

  it("is judged by its group alone", () => {
    const other = { ...INSTANCE, name: "web" };
    const status = inState("MASTER", {
      members: [],
      instances: [
        instanceStatus(INSTANCE, { name: "MASTER", since: AT }),
        instanceStatus(other, { name: "BACKUP", since: AT }),
      ],
    });

    expect(drainRefusal(status, "web")).toBeUndefined();
    expect(drainRefusal(status, "main")).toContain("main");
  });
});
