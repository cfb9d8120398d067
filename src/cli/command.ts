/** A command as a row of the table of commands, and what every command gets from the process. */
import type { Logger } from "pino";
import { AgentError } from "../errors.ts";
import type { ScreenSize } from "../text/screen.ts";
import { COLOURED, PLAIN, type Style } from "../text/style.ts";
import type { OptionName, OptionValues } from "./options.ts";

export interface CommandContext {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly pid: number;
  readonly hostName: string;
  readonly shippedTemplate: string;
  readonly signal: AbortSignal;
  /** @param format `json` or `pretty`; without it, that depends on whether stdout is a terminal. */
  readonly openLog: (level: string, format?: string) => Promise<Logger>;
  /** Whether stdout is a person's terminal. */
  readonly isTerminal: boolean;
  /** Of that terminal, as it is now. */
  readonly screenSize: () => ScreenSize;
  readonly hasColours: boolean;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

export interface Command {
  readonly name: string;
  /** Runs if the command line names no command. */
  readonly isDefault?: true;
  /** One sentence without its full stop. */
  readonly summary: string;
  /** Further lines of its help. */
  readonly details?: readonly string[];
  /** The one word that may follow the name. */
  readonly argument?: "GROUP" | "COMMAND";
  readonly options: readonly OptionName[];
  /** Options without which it cannot run. */
  readonly required?: readonly OptionName[];
  /** Options that mean something only together with another one: `{ json: "explain" }`. */
  readonly needs?: Readonly<Partial<Record<OptionName, OptionName>>>;
  /** Two options that exclude each other. */
  readonly alternatives?: readonly [OptionName, OptionName];
  /**
   * Loads the command's own file and runs it: `status`, which is called every few seconds, loads no agent.
   *
   * @returns the exit status.
   */
  readonly run: (
    context: CommandContext,
    values: OptionValues,
    argument: string | undefined,
  ) => Promise<number>;
}

/** All that is wrong with the command line of one command, with the next step. */
export function usageError(command: string, problems: readonly string[]): AgentError {
  const hint = `Run \`rancher-keepalived help ${command}\` for what it takes.`;
  return new AgentError("USAGE", problems.join("\n"), { hint });
}

export function styleOf({ hasColours }: Pick<CommandContext, "hasColours">): Style {
  return hasColours ? COLOURED : PLAIN;
}
