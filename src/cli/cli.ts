/**
 * The commands: what each one reads, does and answers with. What only one of them needs is loaded with it: an agent runs
 * for months, and `status` is asked every few seconds.
 */
import { parseArgs } from "node:util";
import type { Logger } from "pino";
import { AgentError } from "../errors.ts";
import { explainText } from "../explain/text.ts";
import { CLAIM_NAME, foreignHolderError, isStatus } from "../host-claim/holder.ts";
import { readStatus } from "../host-claim/io/claim.ts";
import { findHolders } from "../host-claim/io/holder.ts";
import { readSecret } from "../settings/io/secret-file.ts";
import { parseSettings, type Settings, withAuthPass } from "../settings/settings.ts";
import { endpointOf } from "../settings/value-network.ts";
import { isWell, type Status } from "../status/status.ts";
import { renderStatus } from "../status/text.ts";
import { COLOURED, PLAIN, type Style } from "../text/style.ts";
import { checkPorts, readQuestion } from "./check.ts";
import { checkJson, checkText } from "./check-text.ts";
import { orderDrain } from "./drain.ts";
import { HELP } from "./help.ts";
import { tellJournal } from "./journal.ts";
import { watchStatus } from "./status.ts";

/** A running agent answers within milliseconds; one that is frozen never does. */
const STATUS_TIMEOUT_MS = 3_000;

/** What a command gets from the process. */
export interface CommandContext {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly pid: number;
  readonly hostName: string;
  readonly shippedTemplate: string;
  readonly signal: AbortSignal;
  readonly openLog: (level: string) => Logger;
  /** Whether what is printed goes to a person's terminal, and may be coloured there. */
  readonly isTerminal: boolean;
  readonly hasColours: boolean;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

/** EX_CONFIG of sysexits.h: the command line or the settings must be changed first. */
export const EXIT_CONFIG = 78;

const OPTIONS = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
  json: { type: "boolean" },
  answers: { type: "string" },
  listen: { type: "string" },
  rules: { type: "string" },
  port: { type: "string", multiple: true },
  ip: { type: "string" },
  explain: { type: "boolean" },
  force: { type: "boolean" },
  since: { type: "string" },
  watch: { type: "boolean" },
} as const;

type Values = ReturnType<typeof parse>["values"];
type Command = (context: CommandContext, values: Values, group: string | undefined) => Promise<number>;

/** Options that a command takes, whether it takes the name of a group, and what it does. */
interface CommandRow {
  readonly options: readonly string[];
  readonly takesGroup?: boolean;
  readonly run: Command;
}

const COMMANDS: Readonly<Record<string, CommandRow>> = {
  run: { options: [], run: runCommand },
  render: { options: ["explain", "json"], run: renderCommand },
  check: { options: ["rules", "port", "ip", "json"], run: checkCommand },
  status: { options: ["json", "watch"], run: statusCommand },
  drain: { options: ["force"], takesGroup: true, run: drainCommand(true) },
  undrain: { options: [], takesGroup: true, run: drainCommand(false) },
  journal: { options: ["since", "json"], run: journalCommand },
  "metadata-server": { options: ["answers", "listen"], run: metadataServerCommand },
};

/** Runs the command line. @returns the exit status. @throws {AgentError} USAGE, SETTINGS_INVALID and the commands' own. */
export async function runCommandLine(context: CommandContext): Promise<number> {
  const { values, positionals } = parse(context.args);
  if (values.help) {
    context.print(HELP);
    return 0;
  }
  if (values.version) {
    context.print(`${context.version}\n`);
    return 0;
  }
  const [name = "run", ...others] = positionals;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new AgentError("USAGE", `there is no command ${JSON.stringify(name)}`);
  const [group, ...rest] = command.takesGroup ? others : [undefined, ...others];
  const unknown = [...rest, ...Object.keys(values).filter((option) => !command.options.includes(option))];
  if (unknown.length > 0) throw new AgentError("USAGE", `${name} does not take ${unknown.join(", ")}`);
  return command.run(context, values, group);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new AgentError("USAGE", error instanceof Error ? error.message : String(error), { cause: error });
  }
}

async function readSettings(env: CommandContext["env"]): Promise<Settings> {
  const settings = parseSettings(env);
  const { authPassFile } = settings.agent;
  return authPassFile === undefined
    ? settings
    : withAuthPass(settings, await readSecret("AUTH_PASS_FILE", authPassFile));
}

async function runCommand(context: CommandContext): Promise<number> {
  const settings = await readSettings(context.env);
  const log = context.openLog(settings.agent.logLevel);
  const templatePath = settings.agent.templatePath ?? context.shippedTemplate;
  log.info({ version: context.version, pid: context.pid }, "agent started");
  const { runAgent } = await import("../agent/agent.ts");
  try {
    await runAgent({ ...context, settings, log, templatePath });
  } catch (error) {
    // being stopped is how an agent ends, at whatever moment
    if (!isAbort(error, context.signal)) throw error;
  }
  log.info("agent stopped");
  return 0;
}

function isAbort(error: unknown, { aborted, reason }: AbortSignal): boolean {
  return aborted && (error === reason || (error instanceof Error && error.name === "AbortError"));
}

async function renderCommand(context: CommandContext, values: Values): Promise<number> {
  if (values.json && !values.explain) {
    throw new AgentError("USAGE", "render does not take json without explain");
  }
  const settings = await readSettings(context.env);
  const templatePath = settings.agent.templatePath ?? context.shippedTemplate;
  const { renderOnce } = await import("./render.ts");
  const { text, advice, refusal, explanation } = await renderOnce({
    ...context,
    settings,
    templatePath,
    log: context.openLog("silent"),
  });
  if (values.explain) {
    context.print(values.json ? `${JSON.stringify(explanation, undefined, 2)}\n` : explainText(explanation));
  } else {
    if (text !== undefined) context.print(text);
    for (const sentence of advice) context.printError(`note: ${sentence}\n`);
  }
  if (refusal !== undefined) throw refusal;
  return 0;
}

/** One of the exit statuses that tell a verdict apart from an error of usage. */
const VERDICT_STATUS = { healthy: 0, unhealthy: 1, unknown: 2 } as const;

async function checkCommand(context: CommandContext, values: Values): Promise<number> {
  const settings = await readSettings(context.env);
  const { ports, address } = readQuestion(values, settings);
  const log = context.openLog("silent");
  const verdict = await checkPorts({
    ports,
    address,
    rulesFile: values.rules,
    settings,
    log,
    signal: context.signal,
  });
  context.print(values.json ? `${JSON.stringify(checkJson(verdict))}\n` : checkText(verdict));
  return VERDICT_STATUS[verdict.verdict];
}

async function statusCommand(context: CommandContext, { json, watch }: Values): Promise<number> {
  if (json && watch) throw new AgentError("USAGE", "status takes json or watch, not both");
  const style = styleOf(context);
  const follow = () => followStatus(context.signal);
  if (watch) {
    await watchStatus({ ...context, style, follow });
    return 0;
  }
  for await (const status of follow()) {
    const text = () => renderStatus(status, { style, now: new Date().toISOString() });
    context.print(json ? `${JSON.stringify(status, undefined, 2)}\n` : text());
    return isWell(status) ? 0 : 1;
  }
  throw new AgentError("AGENT_UNREACHABLE", "the agent of this host ended before it answered");
}

function styleOf({ hasColours }: CommandContext): Style {
  return hasColours ? COLOURED : PLAIN;
}

function drainCommand(isDrain: boolean): Command {
  return async (context, { force = false }, group) => {
    const sentence = await orderDrain({
      isDrain,
      group,
      isForced: force,
      follow: (patience) => followStatus(AbortSignal.any([patience, context.signal])),
    });
    context.print(`${sentence}\n`);
    return 0;
  };
}

async function* followStatus(signal: AbortSignal): AsyncGenerator<Status> {
  for await (const answer of readStatus(STATUS_TIMEOUT_MS, signal)) {
    if (!isStatus(answer)) throw foreignHolderError(await findHolders(CLAIM_NAME));
    yield answer;
  }
}

async function journalCommand(context: CommandContext, { since, json = false }: Values): Promise<number> {
  const { text, emptyDir } = await tellJournal({
    since,
    isJson: json,
    style: styleOf(context),
    stateDir: context.env["STATE_DIR"],
    follow: () => followStatus(context.signal),
  });
  if (emptyDir !== undefined) context.printError(`note: there is no journal in ${emptyDir}\n`);
  context.print(text);
  return 0;
}

async function metadataServerCommand(context: CommandContext, { answers, listen }: Values): Promise<number> {
  const endpoint = endpointOf(listen ?? "");
  if (answers === undefined || endpoint === undefined) {
    throw new AgentError("USAGE", "metadata-server needs --answers FILE and --listen ADDR:PORT");
  }
  const log = context.openLog("info");
  const { host, port } = endpoint;
  const { openMetadataServer } = await import("../metadata-server/io/server.ts");
  const server = await openMetadataServer({ answersFile: answers, host, port, log, signal: context.signal });
  await server.closed;
  return 0;
}
