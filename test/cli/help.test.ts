import { expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { commandUsage, helpCommand, renderCommandHelp, renderOverview } from "../../src/cli/help.ts";

const commandOf = (name: string) => COMMANDS.find((command) => command.name === name)!;

it.each([
  ["run", "[run]"],
  ["render", "render [--explain [--json]]"],
  ["check", "check [--rules FILE|-] [--port 80/tcp]... [--ip any|ADDR] [--interface NAME] [--json]"],
  ["status", "status [--all] [--json|--watch]"],
  ["drain", "drain [GROUP] [--force]"],
  ["undrain", "undrain [GROUP]"],
  ["journal", "journal [--since 1h|TIME] [-n N] [--group GROUP] [--follow] [--json]"],
  ["metadata-server", "metadata-server --answers FILE --listen ADDR:PORT"],
  ["help", "help [COMMAND]"],
  ["version", "version"],
])("%s is used as %s", (name, usage) => {
  expect(commandUsage(commandOf(name))).toBe(usage);
});

it("shows all commands, each with its usage and what it does", () => {
  const overview = renderOverview(COMMANDS);

  for (const command of COMMANDS) {
    expect(overview).toContain(`\n  ${commandUsage(command)}`);
    expect(overview).toContain(`  ${command.summary}\n`);
  }
  expect(overview).toMatch(/^ {2}-h, --help {2}\S/m);
  expect(overview).toMatch(/^ {2}--version {3}\S/m);
});

it("shows one command with what it says of itself and each of its options", () => {
  expect(
    renderCommandHelp(commandOf("status")),
  ).toBe(`usage: rancher-keepalived status [--all] [--json|--watch]

Show the state of this host's agent, or of the whole cluster.
Exit status 0 only if all is well.
--all asks every other host. Their HTTP_LISTEN must be reachable.

options:
  --all       Show the whole cluster; asks the other hosts over HTTP
  --json      Print JSON, for programs
  --watch     Show each change until interrupted
  -h, --help  Show this help
`);
});

it.each(["overview", ...COMMANDS.map(({ name }) => name)])("fits a terminal: %s", (name) => {
  const text = name === "overview" ? renderOverview(COMMANDS) : renderCommandHelp(commandOf(name));

  for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(112);
  expect(text).toMatch(/[^\n]\n$/);
});

it("refuses a command that does not exist", async () => {
  const printed: string[] = [];
  const print = (text: string) => void printed.push(text);

  await expect(helpCommand({ print }, COMMANDS, "jounral")).rejects.toMatchObject({
    code: "USAGE",
    message: 'there is no command "jounral"; did you mean journal?',
  });
  expect(printed).toEqual([]);
});
