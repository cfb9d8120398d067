/** Parses the command line by the table of commands. Everything that is wrong with it is named at once. */
import { parseArgs } from "node:util";
import { AgentError } from "../errors.ts";
import { nearestName } from "../text/nearest-name.ts";
import type { Command } from "./command.ts";
import {
  GLOBAL_OPTIONS,
  OPTIONS,
  type OptionName,
  type OptionValues,
  optionRow,
  optionUsage,
} from "./options.ts";

export interface CommandCall {
  readonly command: Command;
  readonly values: OptionValues;
  /** The word behind the command's name. */
  readonly argument: string | undefined;
}

type Token = ReturnType<typeof tokenize>["tokens"][number];
type OptionToken = Extract<Token, { kind: "option" }>;

/**
 * `--help` and `--version` count before everything else, wherever they stand: they become the commands of those names.
 *
 * @throws {AgentError} USAGE
 */
export function parseCommandLine(args: readonly string[], commands: readonly Command[]): CommandCall {
  const { tokens, positionals } = tokenize(args);
  const [name, word] = positionals;
  const given = new Set(tokens.map((token) => (token.kind === "option" ? token.name : undefined)));
  if (given.has("help")) return { command: findCommand("help", commands), values: {}, argument: name };
  if (given.has("version")) {
    return { command: findCommand("version", commands), values: {}, argument: undefined };
  }
  const command = name === undefined ? defaultOf(commands) : findCommand(name, commands);
  const problems = [
    ...wordProblems(command, tokens),
    ...tokens.flatMap((token) =>
      token.kind === "option" ? optionProblem(token, command, { args, commands }) : [],
    ),
    ...combinationProblems(command, given),
  ];
  if (problems.length > 0) {
    throw new AgentError("USAGE", [...new Set(problems)].join("\n"), {
      hint: `Run \`rancher-keepalived help ${command.name}\` for what it takes.`,
    });
  }
  const { values } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  return { command, values, argument: command.argument && word };
}

/** @throws {AgentError} USAGE, with the command that was probably meant. */
export function findCommand(name: string, commands: readonly Command[]): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const nearest = nearestName(
    name,
    commands.map((candidate) => candidate.name),
  );
  throw new AgentError("USAGE", `there is no command ${JSON.stringify(name)}${suggestion(nearest)}`);
}

function tokenize(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
}

function defaultOf(commands: readonly Command[]): Command {
  const command = commands.find(({ isDefault }) => isDefault);
  if (command === undefined) throw new Error("no command is the default");
  return command;
}

/** A word behind an option that does not exist is left out: it may be the value of the one that was meant. */
function wordProblems({ name, argument, options }: Command, tokens: readonly Token[]): string[] {
  const misspelt = tokens.filter((token) => token.kind === "option" && !includesName(options, token.name));
  const words = tokens.filter((token) => token.kind === "positional");
  return words
    .slice(argument === undefined ? 1 : 2)
    .filter((word) => misspelt.every(({ index }) => index !== word.index - 1))
    .map((word) => `${name} does not take ${word.value}`);
}

interface Line {
  readonly args: readonly string[];
  readonly commands: readonly Command[];
}

function optionProblem(token: OptionToken, command: Command, line: Line): string[] {
  const { name, value, inlineValue } = token;
  if (!includesName(command.options, name)) return [refusedOption(token, command, line)];
  if (optionRow(name).type === "boolean") return value === undefined ? [] : [`--${name} takes no value`];
  if (value === undefined) return [`--${name} needs a value: ${optionUsage(name)}`];
  // the next option stands where the value was forgotten; a lone dash is a value
  const isOption = !inlineValue && /^-./.test(value);
  const written = `a value that begins with - is written --${name}=${value}`;
  return isOption ? [`--${name} needs a value, not ${value}; ${written}`] : [];
}

function refusedOption({ name, rawName, index }: OptionToken, command: Command, line: Line): string {
  // a long option with one dash is a row of letters to the parser
  const typed = rawName.startsWith("--") ? rawName : (line.args[index] ?? rawName);
  const takers = line.commands.filter(({ options }) => includesName(options, name)).map((it) => it.name);
  const others = takers.length === 0 ? "" : `; ${takers.join(", ")} ${takers.length === 1 ? "does" : "do"}`;
  return `${command.name} does not take ${typed}${others || suggestion(nearestOption(typed, command))}`;
}

function includesName(options: readonly OptionName[], name: string): name is OptionName {
  return options.some((option) => option === name);
}

/** Without its dashes even `-j` would be near to some option, so single letters get no suggestion. */
function nearestOption(typed: string, { options }: Command): string | undefined {
  const letters = typed.replace(/^-+/, "").toLowerCase();
  const nearest = letters.length < 2 ? undefined : nearestName(letters, [...options, ...GLOBAL_OPTIONS]);
  return nearest && `--${nearest}`;
}

function suggestion(name: string | undefined): string {
  return name === undefined ? "" : `; did you mean ${name}?`;
}

function combinationProblems(command: Command, given: ReadonlySet<string | undefined>): string[] {
  const { name, required = [], needs = {}, alternatives } = command;
  const missing = required.filter((option) => !given.has(option)).map(optionUsage);
  const lonely = Object.entries(needs).filter(([option, other]) => given.has(option) && !given.has(other));
  return [
    ...(missing.length === 0 ? [] : [`${name} needs ${missing.join(" and ")}`]),
    ...lonely.map(([option, other]) => `${name} takes --${option} only together with --${other}`),
    ...(alternatives?.every((option: OptionName) => given.has(option))
      ? [`${name} takes --${alternatives.join(" or --")}, not both`]
      : []),
  ];
}
