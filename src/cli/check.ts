/** The command `check`: the verdict on this host's published ports, now or by a saved file. No agent needs to run. */
import { AgentError } from "../errors.ts";
import { publishedAddressOf } from "../health/plan.ts";
import { openNatReader } from "../iptables/io/nat-reader.ts";
import { readRulesFile } from "../iptables/io/rules-file.ts";
import { canonicalAddress } from "../network/address.ts";
import type { PortQuestion } from "../ports/published-port.ts";
import { judgePorts, type PortsVerdict } from "../ports/published-ports.ts";
import type { Settings } from "../settings/settings.ts";
import { publishedPortOf } from "../settings/value-network.ts";
import { printableJson } from "../text/escape.ts";
import { checkJson, renderCheck } from "./check-text.ts";
import type { CommandContext } from "./command.ts";
import type { OptionValues } from "./options.ts";
import { readSettings } from "./settings.ts";

/** Programs must be able to tell a verdict from wrong usage, which is 78. */
const EXIT_STATUS = { healthy: 0, unhealthy: 1, unknown: 2 } as const;

const DEFAULT_TIMEOUT_MS = 1_000;

/** @throws {AgentError} USAGE, SETTINGS_INVALID; what is wrong with the host is part of the verdict. */
export async function checkCommand(context: CommandContext, values: OptionValues): Promise<number> {
  const settings = await readSettings(context.env);
  const questions = deriveQuestions(values, settings);
  const verdict =
    values.rules === undefined
      ? await judgeHost(questions, settings, context)
      : await judgeFile(questions, values.rules, context.signal);
  context.print(values.json ? `${printableJson(checkJson(verdict))}\n` : renderCheck(verdict));
  return EXIT_STATUS[verdict.verdict];
}

/** The ports to judge: those of the options, else those of the settings. @throws {AgentError} USAGE */
function deriveQuestions({ port, ip }: OptionValues, settings: Settings): PortQuestion[] {
  const ports = port?.map(parsePortOption) ?? settings.environment.checkPorts?.value ?? [];
  if (ports.length === 0) throw new AgentError("USAGE", "check needs a --port, or the setting CHECK_PORT");
  const address = ip === undefined ? checkedAddress(settings) : parseIpOption(ip);
  return ports.map((it) => ({ ...it, address }));
}

function parsePortOption(text: string) {
  const port = publishedPortOf(text);
  if (port !== undefined) return port;
  throw new AgentError("USAGE", `--port takes PORT, PORT/tcp or PORT/udp, not ${text}`);
}

function parseIpOption(ip: string): string {
  const address = ip === "any" ? ip : canonicalAddress(ip);
  if (address !== undefined) return address;
  throw new AgentError("USAGE", `--ip takes any or an address, not ${ip}`);
}

function checkedAddress({ environment: { checkIp, virtualIps } }: Settings): string {
  return publishedAddressOf(checkIp?.value ?? virtualIps?.value[0]?.address ?? "any");
}

async function judgeFile(
  questions: readonly PortQuestion[],
  file: string,
  signal: AbortSignal,
): Promise<PortsVerdict> {
  const text = await readRulesFile(file, signal);
  return judgePorts({ nft: { kind: "table", text }, legacy: { kind: "absent" } }, questions);
}

async function judgeHost(
  questions: readonly PortQuestion[],
  { agent, environment: { checkTimeoutSeconds } }: Settings,
  { openLog, signal }: CommandContext,
): Promise<PortsVerdict> {
  const closing = new AbortController();
  const reader = openNatReader({
    backend: agent.iptablesBackend,
    timeoutMs: checkTimeoutSeconds ? checkTimeoutSeconds.value * 1_000 : DEFAULT_TIMEOUT_MS,
    log: openLog("silent"),
    signal: AbortSignal.any([signal, closing.signal]),
  });
  try {
    return judgePorts(await reader.read(), questions);
  } finally {
    closing.abort();
  }
}
