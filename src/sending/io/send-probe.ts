/** Tries whether this host can send VRRP packets for a group, and whether anybody answers for its first VIP. */
import { env } from "node:process";
import { execa } from "execa";
import { bareEnvironment, boundToAgent } from "../../system/child-command.ts";
import type { Instance } from "../../vrrp/instance.ts";
import { bytesOfAddress, hexOf } from "../../vrrp/packet.ts";
import { addressProbe, type ProbeSource } from "../../wire/address-probe.ts";
import type { SendingProbe } from "../sending-state.ts";
import { advertDestinations } from "../unsent-adverts.ts";
import { SEND_PROBE_SCRIPT } from "./send-probe-script.ts";

const TIMEOUT_MS = 2_000;

export interface SendProbeResult extends SendingProbe {
  /** The kernel's word on what it did not send; undefined where it sent everything. */
  readonly error: string | undefined;
}

/**
 * Never rejects. Where it could not try (no perl), nothing is known: the host counts as one that can send, and the VIP as
 * answered for, so the group comes back after a pause that grows each time.
 *
 * @param source of the question; undefined where the interface has no MAC: then nobody is asked.
 */
export async function probeSending(
  instance: Instance,
  source: ProbeSource | undefined,
  signal: AbortSignal,
): Promise<SendProbeResult> {
  const { interface: link, unicast, firstVip } = instance;
  const args = [link, unicast?.source ?? "", ...advertDestinations(instance), "-"];
  const question = source === undefined ? [] : questionFor(firstVip.address, source);
  const { exitCode, stdout } = await execa(
    ...boundToAgent("KILL", "perl", ["-e", SEND_PROBE_SCRIPT, "--", ...args, ...question]),
    {
      ...bareEnvironment(env),
      cancelSignal: signal,
      killSignal: "SIGKILL",
      reject: false,
      stdin: "ignore",
      timeout: TIMEOUT_MS,
    },
  );
  if (exitCode !== 0) return { canSend: true, isAnswered: true, error: undefined };
  const lines = stdout.split("\n");
  return {
    canSend: lines.some((line) => line.startsWith("sent ")),
    isAnswered: question.length === 0 || lines.includes("answered"),
    error: /^unsent \S+ (.+)$/m.exec(stdout)?.[1],
  };
}

function questionFor(vip: string, source: ProbeSource): string[] {
  const probe = addressProbe(vip, source);
  if (probe === undefined) return [];
  const { etherType, destination, packet } = probe;
  return [String(etherType), destination, packet, hexOf(bytesOfAddress(vip))];
}
