/**
 * Every option of the command line with its help. An option means the same for each command that takes it; `commands.ts`
 * says which command takes which.
 */
import type { ParseArgsOptionDescriptor, parseArgs } from "node:util";

/** An option as Node's `parseArgs` takes it, with its help. */
interface OptionRow extends ParseArgsOptionDescriptor {
  /** Shown for its value in the help; only options of the type `string` have one. */
  readonly value?: string;
  /** One line without a full stop. */
  readonly help: string;
  /** Its value may begin with a dash, as a file's name may. */
  readonly isFreeText?: true;
}

export const OPTIONS = {
  explain: { type: "boolean", help: "Add where each value comes from, and why" },
  rules: {
    type: "string",
    value: "FILE|-",
    isFreeText: true,
    help: "Check a saved `iptables-save -t nat` instead of this host's rules; - reads standard input",
  },
  port: {
    type: "string",
    multiple: true,
    value: "80/tcp",
    help: "A published port, any number of times (default: CHECK_PORT)",
  },
  ip: {
    type: "string",
    value: "any|ADDR",
    help: "The address of the port (default: CHECK_IP, else that of the agent here, else VIRTUAL_IP)",
  },
  interface: {
    type: "string",
    value: "NAME",
    isFreeText: true,
    help: "Where clients come in (default: INTERFACE, else the agent's interface, else that of the VIP)",
  },
  all: { type: "boolean", help: "Show the whole cluster; asks the other hosts over HTTP" },
  watch: { type: "boolean", help: "Show each change until interrupted" },
  force: { type: "boolean", help: "Drain even if no other host is known to run" },
  since: {
    type: "string",
    value: "1h|TIME",
    help: "Only entries after this time: 1h30m, 2d, 14:44, yesterday, `2026-11-22 03:14`, in UTC",
  },
  lines: { type: "string", short: "n", value: "N", help: "Only the last N entries" },
  group: {
    type: "string",
    value: "GROUP",
    isFreeText: true,
    help: "Only entries of this group and of the whole host",
  },
  follow: {
    type: "boolean",
    help: "Show the last 10 entries, then each new one until interrupted",
  },
  answers: {
    type: "string",
    value: "FILE",
    isFreeText: true,
    help: "The answers, as YAML or JSON; the file is read again when it changes",
  },
  listen: { type: "string", value: "ADDR:PORT", help: "Address and port to listen on" },
  json: { type: "boolean", help: "Print JSON, for programs" },
  help: { type: "boolean", short: "h", help: "Show this help" },
  version: { type: "boolean", help: "Print the version" },
} as const satisfies Readonly<Record<string, OptionRow>>;

export type OptionName = keyof typeof OPTIONS;

/** What a command line gives each option; undefined if it does not name the option. */
export type OptionValues = ReturnType<
  typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>
>["values"];

/** Options that every command takes. */
export const GLOBAL_OPTIONS: readonly OptionName[] = ["help", "version"];

/** `--port 80/tcp`, or `-n N` where a short name takes the value. */
export function optionUsage(name: OptionName): string {
  const { short, value }: OptionRow = OPTIONS[name];
  if (value === undefined) return `--${name}`;
  return short === undefined ? `--${name} ${value}` : `-${short} ${value}`;
}

/** `-n, --lines N` */
export function optionNames(name: OptionName): string {
  const { short, value }: OptionRow = OPTIONS[name];
  const long = value === undefined ? `--${name}` : `--${name} ${value}`;
  return short === undefined ? long : `-${short}, ${long}`;
}

export function optionRow(name: OptionName): OptionRow {
  return OPTIONS[name];
}
