/** Runs one command line: parses it by the table of commands, and hands it to its command. */
import type { CommandContext } from "./command.ts";
import { parseCommandLine } from "./command-line.ts";
import { COMMANDS } from "./commands.ts";

/** EX_CONFIG of sysexits.h: the command line or the settings must be changed first. */
export const EXIT_CONFIG = 78;

/** @returns the exit status. @throws {AgentError} USAGE, SETTINGS_INVALID and what the command itself throws. */
export async function runCommandLine(context: CommandContext): Promise<number> {
  const { command, values, argument } = parseCommandLine(context.args, COMMANDS);
  return command.run(context, values, argument);
}
