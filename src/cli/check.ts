/** The verdict on a host's published ports now, or by a saved file, without an agent. */
import type { Logger } from "pino";
import { AgentError } from "../errors.ts";
import { publishedFor } from "../health/plan.ts";
import { openNatReader } from "../iptables/io/nat-reader.ts";
import { readRulesFile } from "../iptables/io/rules-file.ts";
import type { PortQuestion } from "../iptables/published-port.ts";
import { judgePorts, type PortsVerdict } from "../iptables/published-ports.ts";
import { canonicalAddress } from "../network/address.ts";
import type { Settings } from "../settings/settings.ts";
import { publishedPortOf } from "../settings/value-network.ts";

export interface CheckOptions {
  readonly ports: readonly Pick<PortQuestion, "protocol" | "port">[];
  readonly address: string;
  /** A saved `iptables-save -t nat`; undefined: the rules of this host. */
  readonly rulesFile: string | undefined;
  readonly settings: Settings;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** @throws {AgentError} USAGE where the file cannot be read; what is wrong with the host is part of the verdict. */
export async function checkPorts(options: CheckOptions): Promise<PortsVerdict> {
  const questions = options.ports.map((port) => ({ ...port, address: options.address }));
  if (options.rulesFile !== undefined) {
    const text = await readRulesFile(options.rulesFile, options.signal);
    return judgePorts({ nft: { kind: "table", text }, legacy: { kind: "absent" } }, questions);
  }
  const closing = new AbortController();
  const reader = openNatReader({
    backend: options.settings.agent.iptablesBackend,
    timeoutMs: options.settings.environment.checkTimeoutSeconds
      ? options.settings.environment.checkTimeoutSeconds.value * 1_000
      : 1_000,
    log: options.log,
    signal: AbortSignal.any([options.signal, closing.signal]),
  });
  try {
    return judgePorts(await reader.read(), questions);
  } finally {
    closing.abort();
  }
}

/** What is asked: by the options, else by the settings of the environment. @throws {AgentError} USAGE */
export function readQuestion(
  values: { readonly port?: readonly string[] | undefined; readonly ip?: string | undefined },
  settings: Settings,
) {
  const ports = values.port?.map((text) => {
    const port = publishedPortOf(text);
    if (port === undefined)
      throw new AgentError("USAGE", `--port takes PORT, PORT/tcp or PORT/udp, not ${text}`);
    return port;
  });
  const { checkPorts: set, checkIp, virtualIps } = settings.environment;
  const wanted = ports ?? set?.value ?? [];
  if (wanted.length === 0) throw new AgentError("USAGE", "check needs a --port, or the setting CHECK_PORT");
  const { ip } = values;
  if (ip === undefined) {
    const address = publishedFor(checkIp?.value ?? virtualIps?.value[0]?.address ?? "any");
    return { ports: wanted, address };
  }
  const address = ip === "any" ? ip : canonicalAddress(ip);
  if (address === undefined) throw new AgentError("USAGE", `--ip takes any or an address, not ${ip}`);
  return { ports: wanted, address };
}
