import { describe, expect, it } from "vitest";
import { parseCommandLine } from "../../src/cli/command-line.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { OPTIONS } from "../../src/cli/options.ts";
import { AgentError } from "../../src/errors.ts";

function parse(...args: string[]) {
  const { command, values, argument } = parseCommandLine(args, COMMANDS);
  return { name: command.name, values: { ...values }, argument };
}

function refusal(...args: string[]): { code: string; problems: string[]; hint: string } {
  try {
    parseCommandLine(args, COMMANDS);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return { code: error.code, problems: error.message.split("\n"), hint: error.hint };
  }
  throw new Error(`${args.join(" ")} was taken`);
}

describe("a command line", () => {
  it.each([
    { args: [], want: { name: "run" } },
    { args: ["run"], want: { name: "run" } },
    {
      args: ["render", "--explain", "--json"],
      want: { name: "render", values: { explain: true, json: true } },
    },
    { args: ["--json", "status"], want: { name: "status", values: { json: true } } },
    { args: ["drain"], want: { name: "drain" } },
    { args: ["drain", "web", "--force"], want: { name: "drain", values: { force: true }, argument: "web" } },
    { args: ["drain", "--", "--web"], want: { name: "drain", argument: "--web" } },
    { args: ["undrain", "web"], want: { name: "undrain", argument: "web" } },
    { args: ["journal", "--since=1h"], want: { name: "journal", values: { since: "1h" } } },
    { args: ["check", "--rules", "-"], want: { name: "check", values: { rules: "-" } } },
    { args: ["check", "--rules=--x"], want: { name: "check", values: { rules: "--x" } } },
    {
      args: ["check", "--port", "80", "--port=53/udp", "--ip", "any"],
      want: { name: "check", values: { port: ["80", "53/udp"], ip: "any" } },
    },
    {
      args: ["journal", "--since", "1h", "--since", "2d"],
      want: { name: "journal", values: { since: "2d" } },
    },
    { args: ["version"], want: { name: "version" } },
  ])("$args names its command, options and argument", ({ args, want }) => {
    expect(parse(...args)).toEqual({ values: {}, argument: undefined, ...want });
  });

  it.each([
    { args: ["--help"], want: { name: "help" } },
    { args: ["-h"], want: { name: "help" } },
    { args: ["help"], want: { name: "help" } },
    { args: ["help", "status"], want: { name: "help", argument: "status" } },
    { args: ["status", "--help"], want: { name: "help", argument: "status" } },
    { args: ["--help", "status"], want: { name: "help", argument: "status" } },
    { args: ["check", "--prot", "80", "-h"], want: { name: "help", argument: "check" } },
    { args: ["help", "--help"], want: { name: "help", argument: "help" } },
    { args: ["--version"], want: { name: "version" } },
    { args: ["status", "--version"], want: { name: "version" } },
    { args: ["--version", "--help"], want: { name: "help" } },
  ])("$args asks for $want.name before everything else", ({ args, want }) => {
    expect(parse(...args)).toEqual({ values: {}, argument: undefined, ...want });
  });
});

describe("bad usage", () => {
  it.each([
    { args: ["fly"], problem: 'there is no command "fly"' },
    { args: ["stauts"], problem: 'there is no command "stauts"; did you mean status?' },
    { args: ["drian"], problem: 'there is no command "drian"; did you mean drain?' },
    {
      args: ["metadata_server"],
      problem: 'there is no command "metadata_server"; did you mean metadata-server?',
    },
    { args: ["toString"], problem: 'there is no command "toString"' },
    { args: [""], problem: 'there is no command ""' },
  ])("$args: $problem", ({ args, problem }) => {
    expect(refusal(...args)).toEqual({
      code: "USAGE",
      problems: [problem],
      hint: "Run `rancher-keepalived --help` for the commands and their options.",
    });
  });

  it.each([
    { args: ["status", "--jsn"], problem: "status does not take --jsn; did you mean --json?" },
    { args: ["status", "--JSON"], problem: "status does not take --JSON; did you mean --json?" },
    { args: ["render", "-explain"], problem: "render does not take -explain; did you mean --explain?" },
    { args: ["run", "--hepl"], problem: "run does not take --hepl; did you mean --help?" },
    { args: ["--verison"], problem: "run does not take --verison; did you mean --version?" },
    { args: ["status", "-j"], problem: "status does not take -j" },
    { args: ["status", "--no-json"], problem: "status does not take --no-json" },
    { args: ["status", "--constructor"], problem: "status does not take --constructor" },
    { args: ["status", "--__proto__=1"], problem: "status does not take --__proto__" },
    { args: ["--explain"], problem: "run does not take --explain; render does" },
    { args: ["drain", "--json"], problem: "drain does not take --json; render, check, status, journal do" },
    { args: ["status", "now"], problem: 'status does not take "now"' },
    { args: ["drain", "web", "mail"], problem: 'drain does not take "mail"' },
    { args: ["version", "status"], problem: 'version does not take "status"' },
    { args: ["help", "status", "drain"], problem: 'help does not take "drain"' },
    { args: ["check", "--prot", "80"], problem: "check does not take --prot; did you mean --port?" },
  ])("$args: $problem", ({ args, problem }) => {
    expect(refusal(...args)).toMatchObject({ code: "USAGE", problems: [problem] });
  });

  it.each([
    { args: ["journal", "--since"], problem: "--since needs a value: --since 1h|TIME" },
    { args: ["status", "--json=1"], problem: "--json takes no value" },
    {
      args: ["check", "--rules", "--json"],
      problem: "--rules needs a value, not --json; a value that begins with - is written --rules=--json",
    },
    { args: ["journal", "-n", "-1"], problem: "--lines needs a value, not -1: -n N" },
    { args: ["journal", "--since", "-1h"], problem: "--since needs a value, not -1h: --since 1h|TIME" },
    { args: ["render", "--json"], problem: "render takes --json only together with --explain" },
    { args: ["status", "--json", "--watch"], problem: "status takes --json or --watch, not both" },
    { args: ["metadata-server"], problem: "metadata-server needs --answers FILE and --listen ADDR:PORT" },
    { args: ["metadata-server", "--answers", "x"], problem: "metadata-server needs --listen ADDR:PORT" },
  ])("$args: $problem", ({ args, problem }) => {
    expect(refusal(...args)).toMatchObject({ code: "USAGE", problems: [problem] });
  });

  it("is named all at once, each mistake once, with the help of its command", () => {
    expect(refusal("check", "now", "--jsn", "--jsn", "--ip", "--explain")).toEqual({
      code: "USAGE",
      problems: [
        'check does not take "now"',
        "check does not take --jsn; did you mean --json?",
        "--ip needs a value, not --explain: --ip any|ADDR",
      ],
      hint: "Run `rancher-keepalived help check` for what it takes.",
    });
  });
});

describe("the table of commands", () => {
  it("names each command once, and one as the default", () => {
    const names = COMMANDS.map(({ name }) => name);

    expect(names).toEqual([...new Set(names)]);
    expect(COMMANDS.filter(({ isDefault }) => isDefault).map(({ name }) => name)).toEqual(["run"]);
  });

  it("uses every option, and relates only options that a command takes", () => {
    const used = new Set(COMMANDS.flatMap(({ options }) => options));

    expect(Object.keys(OPTIONS).filter((name) => ![...used, "help", "version"].includes(name))).toEqual([]);
    for (const { name, options, required = [], needs = {}, alternatives = [] } of COMMANDS) {
      const related = [...required, ...Object.entries(needs).flat(), ...alternatives];
      expect(
        related.filter((option) => !options.some((taken) => taken === option)),
        name,
      ).toEqual([]);
    }
  });
});
