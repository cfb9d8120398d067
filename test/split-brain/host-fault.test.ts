import { expect, it } from "vitest";
import type { SplitBrainCause } from "../../src/split-brain/causes.ts";
import { withHostFault } from "../../src/split-brain/host-fault.ts";

const suspicion = (cause: SplitBrainCause) => ({
  group: "main",
  cause,
  address: "198.51.100.12",
  mac: "02:00:00:00:00:02",
  text: "it is owner, too",
  hint: "Look there.",
});
const hintOf = (cause: SplitBrainCause, fault: string | undefined) =>
  withHostFault([suspicion(cause)], fault)[0]?.hint;

it("names a fault of this host where adverts are lost", () => {
  for (const cause of ["adverts-blocked", "unheard", "address-in-use"] as const)
    expect(hintOf(cause, "the table is full")).toBe("On this host the table is full. Look there.");
});

it("changes no hint without a fault, or where the fault does not explain the suspicion", () => {
  expect(hintOf("unheard", undefined)).toBe("Look there.");
  expect(hintOf("foreign-router", "the table is full")).toBe("Look there.");
});
