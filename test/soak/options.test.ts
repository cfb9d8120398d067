import { describe, expect, it } from "vitest";
import { parseOptions } from "./options.ts";

describe("the options of a soak", () => {
  it("have defaults, but for the seed", () => {
    expect(parseOptions([])).toEqual({
      isHelpWanted: false,
      minutes: 5,
      seed: undefined,
      hosts: 3,
      backend: "nft",
      only: undefined,
    });
  });

  it("are taken as they are written", () => {
    const args = [
      "--minutes",
      "0.5",
      "--seed",
      "42",
      "--hosts",
      "5",
      "--backend",
      "legacy",
      "--only",
      "a,b",
      "--help",
    ];

    expect(parseOptions(args)).toEqual({
      isHelpWanted: true,
      minutes: 0.5,
      seed: 42,
      hosts: 5,
      backend: "legacy",
      only: ["a", "b"],
    });
  });

  it.each([
    ["--minutes", "0"],
    ["--minutes", "soon"],
    ["--seed", "-1"],
    ["--hosts", "2"],
    ["--backend", "ebtables"],
    ["--colour", "red"],
    ["more"],
  ])("refuse %s %s", (...args) => {
    expect(() => parseOptions(args)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});
