import { expect, it } from "vitest";
import { confirmInstances } from "../../src/keepalived/confirm.ts";
import type { InstanceDump } from "../../src/keepalived/dump.ts";
import { DESIRED } from "../fixtures/desired.ts";

const { instances } = DESIRED["several-vips"]!;
const ACTUAL: InstanceDump = {
  instance: "main",
  state: "BACKUP",
  virtualRouterId: 50,
  priority: 240,
  effectivePriority: 240,
  advertIntervalSeconds: 0.2,
  vips: ["198.51.100.50", "2001:db8::50", "198.51.100.51"],
  vipsSet: false,
  lastTransition: 0,
  stats: {},
};

it("accepts what the configuration says, in any order of VIPs", () => {
  expect(() => confirmInstances(instances, [ACTUAL])).not.toThrow();
});

it.each([
  { why: "nothing", actual: [], message: "does not run main" },
  {
    why: "another VRID",
    actual: [{ ...ACTUAL, virtualRouterId: 51 }],
    message: "has virtual_router_id 51 for main instead of 50",
  },
  {
    why: "another priority",
    actual: [{ ...ACTUAL, priority: 100 }],
    message: "has priority 100 for main instead of 240",
  },
  {
    why: "one VIP less",
    actual: [{ ...ACTUAL, vips: ["198.51.100.50"] }],
    message: "has VIPs 198.51.100.50 for main",
  },
  {
    why: "one instance more",
    actual: [ACTUAL, { ...ACTUAL, instance: "old" }],
    message: "still runs old",
  },
])("reports that keepalived runs $why", ({ actual, message }) => {
  expect(() => confirmInstances(instances, actual)).toThrow(
    expect.objectContaining({ code: "RELOAD_UNCONFIRMED", message: expect.stringContaining(message) }),
  );
});
