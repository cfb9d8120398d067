import { expect, it } from "vitest";
import { missingCapabilities } from "../../src/system/capabilities.ts";

const ALL = ["NET_BROADCAST", "NET_ADMIN", "NET_RAW", "SYS_NICE"];

it.each([
  { what: "root outside of containers", effective: "000001ffffffffff", missing: [] },
  {
    what: "a container of Docker's defaults",
    effective: "00000000a80425fb",
    missing: ["NET_BROADCAST", "NET_ADMIN", "SYS_NICE"],
  },
  { what: "the four of the compose file", effective: "0000000000803800", missing: [] },
  { what: "the three of its earlier version", effective: "0000000000003800", missing: ["SYS_NICE"] },
  { what: "none", effective: "0000000000000000", missing: ALL },
])("finds what $what lacks", ({ effective, missing }) => {
  const status = `Name:\tnode\nCapPrm:\tffffffffffffffff\nCapEff:\t${effective}\nCapBnd:\t0000000000000000\n`;

  expect(missingCapabilities(status)).toEqual(missing);
});

it.each(["", "CapEff:\t\n", "CapEff:\tmany\n"])(
  "takes nothing for missing where it is not told: %j",
  (status) => {
    expect(missingCapabilities(status)).toEqual([]);
  },
);
