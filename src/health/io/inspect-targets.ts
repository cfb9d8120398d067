/** Looks once behind each published port: whether its target accepts a connection now, and what a client's packet meets. */
import type { Logger } from "pino";
import { NO_NFT_MONITOR } from "../../iptables/io/nft-monitor.ts";
import type { PortVerdict } from "../../ports/published-ports.ts";
import { readSysctl } from "../../system/io/proc.ts";
import { forwardingOff, forwardingSetting, type TranslatedPacket } from "../target-path.ts";
import { type BehindPort, describePath, notTried, type TargetView } from "../target-view.ts";
import { openPathReader, type PathReading } from "./path-reader.ts";
import { probeTcp } from "./tcp-probe.ts";

export interface InspectTargetsOptions {
  /** For each connection. */
  readonly timeoutMs: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

type Endpoint = Pick<TranslatedPacket, "protocol" | "target" | "targetPort">;

/**
 * In the order of the ports; undefined for a port without a rule that names its target. A port may have one whose verdict is
 * unknown: the agent asks it, too.
 *
 * @throws the reason of the abort.
 */
export async function inspectTargets(
  ports: readonly PortVerdict[],
  options: InspectTargetsOptions,
): Promise<readonly (BehindPort | undefined)[]> {
  const packets = ports.flatMap((port) => packetOf(port) ?? []);
  const [targets, readings] = await Promise.all([
    Promise.all(packets.map((packet) => tryTarget(packet, options))),
    openPathReader({ ...options, nftChanges: NO_NFT_MONITOR }).read(packets, true),
  ]);
  return ports.map((port) => {
    const index = packets.findIndex((packet) => isOf(port, packet));
    const [target, reading] = [targets[index], readings[index]];
    if (target !== undefined && reading !== undefined) return { target, path: pathOf(reading) };
    return port.target !== undefined && port.target.kind !== "host" ? notTried(port.target.kind) : undefined;
  });
}

function packetOf({ target, protocol, interface: inInterface }: PortVerdict): TranslatedPacket | undefined {
  if (target?.kind !== "host") return undefined;
  return { protocol, inInterface, target: target.address, targetPort: target.port };
}

function isOf(port: PortVerdict, { protocol, target, targetPort }: Endpoint): boolean {
  const packet = packetOf(port);
  return packet?.protocol === protocol && packet.target === target && packet.targetPort === targetPort;
}

async function tryTarget(
  { protocol, target, targetPort }: Endpoint,
  { timeoutMs, signal }: InspectTargetsOptions,
): Promise<TargetView> {
  const to = target.includes(":") ? `[${target}]:${targetPort}` : `${target}:${targetPort}`;
  if (protocol === "udp")
    return { reason: "target-reachable", detail: `${to}, UDP has no connection to try` };
  const { sample, reason } = await probeTcp({ host: target, port: targetPort, timeoutMs, signal });
  if (sample === "healthy") return { reason: "target-accepts", detail: to };
  return { reason: sample === "unknown" ? "target-not-tried" : "target-failed", detail: `${to}: ${reason}` };
}

function pathOf({ packet, ...reading }: PathReading) {
  const setting = forwardingSetting(packet);
  const value = readSysctl(setting);
  const isOff = reading.isForwarded && value === 0;
  return describePath({ ...reading, setting, value, fault: isOff ? forwardingOff(setting) : reading.fault });
}
