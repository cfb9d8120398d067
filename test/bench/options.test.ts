import { describe, expect, it } from "vitest";
import { FIGURES } from "./catalogue.ts";
import { parseOptions } from "./options.ts";

const namesOf = (args: readonly string[]) => parseOptions(args, FIGURES).figures.map(({ name }) => name);

describe("the options of the bench", () => {
  it.each([
    { args: [], want: FIGURES.map(({ name }) => name) },
    { args: ["--only", "start"], want: ["start"] },
    { args: ["--only", "port-rule-gone"], want: ["port-rule-gone-nft", "port-rule-gone-legacy"] },
    { args: ["--only", "start", "--only", "memory"], want: ["start", "memory"] },
  ])("select $want by $args", ({ args, want }) => expect(namesOf(args)).toEqual(want));

  it.each([
    { args: ["--only", "nothing"], message: /no figure is called "nothing"; there are owner-stopped, / },
    { args: ["--rounds", "0"], message: /--rounds takes a whole number above 0, not "0"/ },
    { args: ["--rounds", "2.5"], message: /--rounds takes a whole number above 0, not "2.5"/ },
    { args: ["--minutes", "long"], message: /--minutes takes a number above 0, not "long"/ },
    { args: ["--fast"], message: /Unknown option '--fast'/ },
  ])("refuse $args", ({ args, message }) => expect(() => parseOptions(args, FIGURES)).toThrow(message));

  it("are 7 rounds and 10 minutes unless told", () => {
    expect(parseOptions([], FIGURES)).toMatchObject({ rounds: 7, memoryMinutes: 10, isForDocs: false });
  });

  it("have a name of its own for each figure", () => {
    expect(new Set(FIGURES.map(({ name }) => name)).size).toBe(FIGURES.length);
  });
});
