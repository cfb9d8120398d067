/** The command `check`: the verdict on this host's published ports, now or by a saved file. No agent needs to run. */
import { chooseInterface } from "../groups/interface-choice.ts";
import { inspectTargets } from "../health/io/inspect-targets.ts";
import type { BehindPort } from "../health/target-view.ts";
import { familyOfSave, saveFault, savesOfBothFamilies } from "../iptables/given-save.ts";
import { openNatReader } from "../iptables/io/nat-reader.ts";
import { readRulesFile } from "../iptables/io/rules-file.ts";
import { earlierTablesIn, type NatReads } from "../iptables/table-read.ts";
import { canonicalAddress, type Family, familyOf, isIpv6 } from "../network/address.ts";
import { readNetwork } from "../network/io/iproute.ts";
import type { PortQuestion } from "../ports/published-port.ts";
import { type DetailedPortsVerdict, judgePortsInDetail, unjudged } from "../ports/published-ports.ts";
import type { Settings } from "../settings/settings.ts";
import { INTERFACE_NAME, isInterfaceName, publishedPortOf } from "../settings/value-network.ts";
import type { Status } from "../status/status.ts";
import { printableJson } from "../text/escape.ts";
import { checkJson, renderCheck } from "./check-text.ts";
import { type CommandContext, usageError } from "./command.ts";
import type { OptionValues } from "./options.ts";
import { readSettings } from "./settings.ts";

/** Programs must be able to tell a verdict from wrong usage, which is 78. */
const EXIT_STATUS = { healthy: 0, unhealthy: 1, unknown: 2 } as const;

const DEFAULT_TIMEOUT_MS = 1_000;

const NOTES = {
  none: "note: no VIP known, because no agent answers here: this is the verdict for any address; give --ip\n",
  several: "note: the agent here has several groups: this is the verdict for any address; give --ip\n",
};

const NOTHING: NatReads = { nft: { kind: "absent" }, legacy: { kind: "absent" } };

/** @throws {AgentError} USAGE, SETTINGS_INVALID; what is wrong with the host is part of the verdict. */
export async function checkCommand(context: CommandContext, values: OptionValues): Promise<number> {
  const settings = await readSettings(context.env);
  const questions = await deriveQuestions(values, settings, context);
  const { verdict, behind, step } = await (values.rules === undefined
    ? judgeHost(questions, settings, context)
    : judgeFile(questions, values.rules, context.signal));
  context.print(
    values.json ? `${printableJson(checkJson(verdict, behind))}\n` : renderCheck(verdict, behind, step),
  );
  return EXIT_STATUS[verdict.verdict];
}

/** The ports to judge: those of the options, else those of the settings. @throws {AgentError} USAGE, with all problems */
async function deriveQuestions(
  values: OptionValues,
  settings: Settings,
  context: CommandContext,
): Promise<PortQuestion[]> {
  const problems = problemsOf(values);
  const ports = values.port?.flatMap((text) => publishedPortOf(text) ?? []);
  const asked = ports ?? settings.environment.checkPorts?.value ?? [];
  if (asked.length === 0 && problems.length === 0) {
    problems.push(
      "check needs a --port, or the variable CHECK_PORT; it does not read the metadata of the service",
    );
  }
  if (problems.length > 0) throw usageError("check", problems);
  const { address, clientInterface } = await deriveClients(values, settings, context);
  return asked.map((it) => ({ ...it, address, interface: clientInterface }));
}

/** For which address the clients come, and by which interface. Notes where no option and no setting says which VIP is meant. */
async function deriveClients(
  values: OptionValues,
  settings: Settings,
  { signal, printError }: CommandContext,
): Promise<{ readonly address: string; readonly clientInterface: string | undefined }> {
  const { checkIp, interface: setInterface } = settings.environment;
  const given = (values.ip && addressOf(values.ip)) ?? checkIp?.value;
  const isTold = given !== undefined && (values.interface ?? setInterface) !== undefined;
  const agent = isTold ? undefined : await askAgent(signal);
  const known = given ?? checkedAddress(settings, agent);
  if (known === undefined) printError(NOTES[(agent?.health.length ?? 0) > 1 ? "several" : "none"]);
  const address = known ?? "any";
  return {
    address,
    clientInterface: values.interface ?? (await deriveInterface(address, settings, agent)),
  };
}

function problemsOf({ port = [], ip, interface: name }: OptionValues): string[] {
  const wrongPorts = port.filter((text) => publishedPortOf(text) === undefined);
  const problems = wrongPorts.map(
    (text) => `--port takes PORT, PORT/tcp or PORT/udp, not ${printableJson(text)}`,
  );
  if (ip !== undefined && addressOf(ip) === undefined) {
    problems.push(`--ip takes any or an address, not ${printableJson(ip)}`);
  }
  if (name !== undefined && !isInterfaceName(name)) {
    problems.push(`--interface takes ${INTERFACE_NAME.allowed}, not ${printableJson(name)}`);
  }
  return problems;
}

/** `any`, or a canonical address. Undefined for any other text. */
function addressOf(text: string): string | undefined {
  return text.toLowerCase() === "any" ? "any" : canonicalAddress(text);
}

/** What the agent that runs here knows, also from labels and metadata. */
type Agent = Pick<Status, "instances" | "health">;

/** Undefined where no agent answers. */
async function askAgent(signal: AbortSignal): Promise<Agent | undefined> {
  const { watchAgentStatus } = await import("./agent-status.ts");
  try {
    for await (const status of watchAgentStatus(signal)) return status;
  } catch {
    // it needs no agent to run
  }
  return undefined;
}

/**
 * The interface of the VIP: that of the variable INTERFACE, else the one of the agent, else as an agent would derive it.
 * Undefined where this host has none that fits.
 */
async function deriveInterface(
  address: string,
  { environment }: Settings,
  agent: Agent | undefined,
): Promise<string | undefined> {
  const { interface: set, virtualIps, unicastSource } = environment;
  if (set !== undefined) return set.value;
  const vip = address === "any" ? virtualIps?.value[0]?.address : address;
  const running = agent && instanceFor(vip, agent)?.interface;
  if (running !== undefined) return running;
  const network = await readNetwork().catch(() => undefined);
  return network && chooseInterface(network, vip ?? "0.0.0.0", unicastSource?.value)?.name;
}

/** Of the group with this VIP, or of the only group. */
function instanceFor(vip: string | undefined, { instances }: Agent): Agent["instances"][number] | undefined {
  const [only] = instances.length === 1 ? instances : [];
  return instances.find(({ vips }) => vips.some((it) => it.split("/")[0] === vip)) ?? only;
}

/** The address that the agent's own check asks for, else the VIP. Undefined where neither is known, or there are several groups. */
function checkedAddress({ environment }: Settings, agent: Agent | undefined): string | undefined {
  const vip = environment.virtualIps?.value[0]?.address;
  const instance = agent && instanceFor(vip, agent);
  const asked = agent?.health.find(({ group }) => group === instance?.name)?.checkIp;
  return asked ?? vip ?? instance?.vips[0]?.split("/")[0];
}

interface Judgement {
  readonly verdict: DetailedPortsVerdict;
  readonly behind?: readonly (BehindPort | undefined)[];
  /** The next step, where the reason alone does not give it. */
  readonly step?: string;
}

/** @param file `-` is standard input. */
async function judgeFile(
  questions: readonly PortQuestion[],
  file: string,
  signal: AbortSignal,
): Promise<Judgement> {
  const text = await readRulesFile(file, signal);
  const asked = familyOfQuestions(questions);
  const both = savesOfBothFamilies(text);
  const family = both === undefined ? (familyOfSave(text) ?? asked) : asked;
  const fault =
    saveFault(both?.[asked] ?? text) ??
    (asked === "ipv4" && family === "ipv6" ? "rules of ip6tables" : undefined);
  if (fault === undefined) {
    const readOf = (save: string | undefined) => (save === undefined ? NOTHING : asReads(save));
    const saves: Partial<Record<Family, string>> = both ?? { [family]: text };
    return { verdict: judgePortsInDetail(readOf(saves.ipv4), questions, readOf(saves.ipv6)) };
  }
  const name = file === "-" ? "standard input" : file;
  const program = asked === "ipv4" ? "iptables-save" : "ip6tables-save";
  return {
    verdict: unjudged(questions, "iptables-unusable", `${name} holds ${fault}`),
    step: `Write it with \`${program} -t nat\`.`,
  };
}

/** The save of one backend; which one makes no difference. */
function asReads(text: string): NatReads {
  return { ...NOTHING, nft: { kind: "table", text }, earlier: earlierTablesIn(text) };
}

/** All questions are about one address. */
function familyOfQuestions([question]: readonly PortQuestion[]): Family {
  return question === undefined || question.address === "any" ? "ipv4" : familyOf(question.address);
}

/** With what is behind the ports, where the agent would ask that. It changes no verdict: see docs/use/port-check.md. */
async function judgeHost(
  questions: readonly PortQuestion[],
  { agent, environment: { checkTimeoutSeconds, checkTarget } }: Settings,
  { openLog, signal }: CommandContext,
): Promise<Judgement> {
  const closing = new AbortController();
  const options = {
    backend: agent.iptablesBackend,
    timeoutMs: checkTimeoutSeconds ? checkTimeoutSeconds.value * 1_000 : DEFAULT_TIMEOUT_MS,
    log: await openLog("silent"),
    signal: AbortSignal.any([signal, closing.signal]),
  };
  try {
    const ipv4 = await openNatReader({ ...options, family: "ipv4" }).read();
    const needsIpv6 = questions.some(({ address }) => isIpv6(address));
    const ipv6 = needsIpv6 ? await openNatReader({ ...options, family: "ipv6" }).read() : undefined;
    const verdict = judgePortsInDetail(ipv4, questions, ipv6);
    return checkTarget?.value === false
      ? { verdict }
      : { verdict, behind: await inspectTargets(verdict.ports, options) };
  } finally {
    closing.abort();
  }
}
