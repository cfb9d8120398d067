/** The man page, made from the tables of commands, options and settings. */
import type { Command } from "../src/cli/command.ts";
import { COMMANDS } from "../src/cli/commands.ts";
import { commandUsage } from "../src/cli/help.ts";
import { GLOBAL_OPTIONS, type OptionName, optionNames, optionRow } from "../src/cli/options.ts";
import type { Row } from "../src/settings/row.ts";
import { ALL_ROWS } from "../src/settings/table.ts";

/** The page in roff, with the macros of man(7). It names no version and no date, so that it changes only with the tables. */
export function renderManPage(
  commands: readonly Command[] = COMMANDS,
  rows: readonly Row[] = ALL_ROWS,
): string {
  return [
    '.\\" Written by npm run settings-table: do not edit.',
    '.TH RANCHER-KEEPALIVED 1 "" rancher-keepalived "User Commands"',
    ".SH NAME",
    "rancher-keepalived \\- a virtual IP that is always on a Rancher host that works",
    ".SH SYNOPSIS",
    ".B rancher-keepalived",
    "[\\fICOMMAND\\fR] [\\fIOPTION\\fR]...",
    ".SH DESCRIPTION",
    text(
      "One agent runs on each host. It reads Rancher's metadata, writes keepalived.conf, runs keepalived, and moves the " +
        "virtual IP when its host stops, dies or fails a check.",
    ),
    ".SH COMMANDS",
    ...commands.flatMap(commandLines),
    ".SH OPTIONS OF EVERY COMMAND",
    ...GLOBAL_OPTIONS.flatMap(optionLines),
    ".SH ENVIRONMENT",
    text(
      "Settings come from the environment, labels of the host, metadata of the service, and else what the agent derives, in " +
        "this order. Empty means unset.",
    ),
    ...rows.flatMap(settingLines),
    ".SH EXIT STATUS",
    ...term("0", "It went well. For status: all is well."),
    ...term("1", "It did not. The error on stderr has a code and the next step."),
    ...term("2", "For check: it cannot be told."),
    ...term("78", "Wrong usage or settings. Nothing was touched."),
    ".SH SEE ALSO",
    "keepalived(8), keepalived.conf(5)",
    "",
  ].join("\n");
}

function commandLines(command: Command): string[] {
  const { summary, details = [], options } = command;
  return [
    ...term(commandUsage(command), [`${summary}.`, ...details].join(" ")),
    ...(options.length === 0 ? [] : [".RS", ...options.flatMap(optionLines), ".RE"]),
  ];
}

function optionLines(name: OptionName): string[] {
  return term(optionNames(name), `${optionRow(name).help}.`);
}

function settingLines({ variable, label, metadata, kind, unit, help, ...row }: Row): string[] {
  if (variable === undefined) return [];
  const others = [label && `label keepalived.${label}`, metadata && `metadata keepalived.${metadata}`].filter(
    Boolean,
  );
  const defaults = [row.defaultText, row.defaultNote].filter(Boolean).join("; ") || "none";
  const allowed = `${kind.allowed}${unit === undefined ? "" : ` (${unit})`}`;
  const places = others.length === 0 ? "" : ` Also: ${others.join(", ")}.`;
  return term(variable, `${help} Allowed: ${allowed}. Default: ${defaults}.${places}`);
}

/** A tagged paragraph. */
function term(tag: string, body: string): string[] {
  return [".TP", `.B ${text(tag)}`, text(body)];
}

/** Text on one line, in which nothing is syntax of roff. Marks of Markdown go. */
function text(raw: string): string {
  const plain = raw.replaceAll("`", "").replaceAll("\\", "\\e").replaceAll("-", "\\-");
  return /^[.']/.test(plain) ? `\\&${plain}` : plain;
}
