/** The command `help`: what all commands do, or what one of them takes, rendered from the table of commands. */
import type { Command, CommandContext } from "./command.ts";
import { findCommand } from "./command-line.ts";
import { GLOBAL_OPTIONS, type OptionName, optionNames, optionRow, optionUsage } from "./options.ts";

/** A longer left column gets a line of its own. */
const LEFT_WIDTH = 34;

/** @param name the command whose help is wanted. @throws {AgentError} USAGE if there is no such command. */
export async function helpCommand(
  { print }: Pick<CommandContext, "print">,
  commands: readonly Command[],
  name: string | undefined,
): Promise<number> {
  print(name === undefined ? renderOverview(commands) : renderCommandHelp(findCommand(name, commands)));
  return 0;
}

/** All commands with their options and what they do. */
export function renderOverview(commands: readonly Command[]): string {
  return `rancher-keepalived: a virtual IP that is always on a Rancher host that works

usage: rancher-keepalived [COMMAND] [OPTION]...

commands:
${columns(commands.map((command) => [commandUsage(command), command.summary]))}
options:
${columns(GLOBAL_OPTIONS.map(optionColumns))}
Run \`rancher-keepalived help COMMAND\` for more on a command.
Settings come from environment variables, host labels and service metadata: see docs/use/settings.md.
Exit status: 0 well, 1 not well, 2 unknown (check only), 78 wrong usage or settings.
`;
}

/** Usage, summary, details and options of one command. */
export function renderCommandHelp(command: Command): string {
  const { summary, details = [], options } = command;
  return `usage: rancher-keepalived ${commandUsage(command)}

${[`${summary}.`, ...details].join("\n")}

options:
${columns([...options, "help" as const].map(optionColumns))}`;
}

/** The name with everything the command takes, as in `render [--explain [--json]]`; brackets mean optional. */
export function commandUsage(command: Command): string {
  const { name, isDefault, argument, options, alternatives } = command;
  const words = options
    .filter((option) => command.needs?.[option] === undefined && option !== alternatives?.[1])
    .map((option) => usageInCommand(option, command));
  return [isDefault ? `[${name}]` : name, ...(argument ? [`[${argument}]`] : []), ...words].join(" ");
}

function usageInCommand(option: OptionName, { required, needs = {}, alternatives }: Command): string {
  if (required?.includes(option)) return optionUsage(option);
  if (alternatives?.[0] === option) return `[${alternatives.map(optionUsage).join("|")}]`;
  const dependent = Object.entries(needs).filter(([, other]) => other === option);
  const inner = dependent.map(([name]) => ` [--${name}]`).join("");
  return `[${optionUsage(option)}${inner}]${optionRow(option).multiple ? "..." : ""}`;
}

function optionColumns(name: OptionName): [string, string] {
  return [optionNames(name), optionRow(name).help];
}

/** Two columns; the right one starts on the next line if the left one is too long. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(LEFT_WIDTH, Math.max(...rows.map(([left]) => left.length)));
  const gap = `\n${" ".repeat(width + 4)}`;
  return rows
    .map(([left, right]) => `  ${left.padEnd(width)}${left.length > width ? gap : "  "}${right}\n`)
    .join("");
}
