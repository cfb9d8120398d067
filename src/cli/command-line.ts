/** Parses the command line by the table of commands, and names all its problems at once. */
import { parseArgs } from "node:util";
import { AgentError } from "../errors.ts";
import { printableJson } from "../text/escape.ts";
import { nearestName } from "../text/nearest-name.ts";
import { type Command, usageError } from "./command.ts";
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
  /** The word after the command's name. */
  readonly argument: string | undefined;
}

type Token = ReturnType<typeof tokenize>["tokens"][number];
type OptionToken = Extract<Token, { kind: "option" }>;

/**
 * `--help` and `--version` win over everything else on the line: they become the commands `help` and `version`.
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
  if (problems.length > 0) throw usageError(command.name, [...new Set(problems)]);
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
  throw new AgentError("USAGE", `there is no command ${printableJson(name)}${suggestion(nearest)}`);
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

/** Words that the command does not take. A word after an unknown option is not reported: it may be its value. */
function wordProblems({ name, argument, options }: Command, tokens: readonly Token[]): string[] {
  const unknown = tokens.filter((token) => token.kind === "option" && !includesName(options, token.name));
  const words = tokens.filter((token) => token.kind === "positional");
  return words
    .slice(argument === undefined ? 1 : 2)
    .filter((word) => unknown.every(({ index }) => index !== word.index - 1))
    .map((word) => `${name} does not take ${printableJson(word.value)}`);
}

interface ParseInput {
  readonly args: readonly string[];
  readonly commands: readonly Command[];
}

function optionProblem(token: OptionToken, command: Command, input: ParseInput): string[] {
  const { name, value, inlineValue } = token;
  if (!includesName(command.options, name)) return [unknownOptionProblem(token, command, input)];
  const { type, isFreeText } = optionRow(name);
  if (type === "boolean") return value === undefined ? [] : [`--${name} takes no value`];
  if (value === undefined) return [`--${name} needs a value: ${optionUsage(name)}`];
  // `--rules --json`: the value was forgotten; a lone dash is a value
  const isOption = !inlineValue && /^-./.test(value);
  const nextStep =
    isFreeText === true
      ? `; a value that begins with - is written --${name}=${value}`
      : `: ${optionUsage(name)}`;
  return isOption ? [`--${name} needs a value, not ${value}${nextStep}`] : [];
}

function unknownOptionProblem(
  { name, rawName, index }: OptionToken,
  command: Command,
  input: ParseInput,
): string {
  // parseArgs splits `-explain` into letters, and the message shows it whole
  const typed = rawName.startsWith("--") ? rawName : (input.args[index] ?? rawName);
  const isWhole = rawName.startsWith("--") || typed === rawName;
  const takers = input.commands
    .filter(({ options }) => isWhole && includesName(options, name))
    .map((it) => it.name);
  const others = takers.length === 0 ? "" : `; ${takers.join(", ")} ${takers.length === 1 ? "does" : "do"}`;
  return `${command.name} does not take ${typed}${others || suggestion(nearestOption(typed, command))}`;
}

function includesName(options: readonly OptionName[], name: string): name is OptionName {
  return options.some((option) => option === name);
}

/** A single letter gets no suggestion: it is near to almost any option. */
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
  const unmet = Object.entries(needs).filter(([option, other]) => given.has(option) && !given.has(other));
  return [
    ...(missing.length === 0 ? [] : [`${name} needs ${missing.join(" and ")}`]),
    ...unmet.map(([option, other]) => `${name} takes --${option} only together with --${other}`),
    ...(alternatives?.every((option: OptionName) => given.has(option))
      ? [`${name} takes --${alternatives.join(" or --")}, not both`]
      : []),
  ];
}
