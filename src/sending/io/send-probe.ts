/** Tests whether this host can send VRRP packets for a group, and whether another host answers for its first VIP. */
import { env } from "node:process";
import { execa } from "execa";
import { unusedNear } from "../../listening/unused-addresses.ts";
import { bareEnvironment, boundToAgent } from "../../system/child-command.ts";
import { type Instance, vipsOf } from "../../vrrp/instance.ts";
import { bytesOfAddress, hexOf } from "../../vrrp/packet.ts";
import { addressProbe, type ProbeSource } from "../../wire/address-probe.ts";
import type { SendingProbe } from "../sending-state.ts";
import { advertDestinations } from "../unsent-adverts.ts";
import { SEND_PROBE_SCRIPT } from "./send-probe-script.ts";

const TIMEOUT_MS = 2_000;

export interface SendProbeResult extends SendingProbe {
  /** The kernel's error for what it did not send; undefined where it sent everything. */
  readonly error: string | undefined;
  /** The living peers to which this host cannot send. */
  readonly outOfReach: readonly string[];
}

/** What is known of this host and of the hosts beside it. */
export interface ProbingHost {
  /** Source of the questions; undefined where the interface has no MAC: then no question is sent. */
  readonly source: ProbeSource | undefined;
  /** Addresses that a machine may have, such as the VIPs of other groups: who answers for them is no router. */
  readonly taken: ReadonlySet<string>;
}

const UNKNOWN: SendProbeResult = {
  canSend: true,
  isAnswered: true,
  isFirst: false,
  error: undefined,
  outOfReach: [],
};

/**
 * Never rejects. If it cannot test (no perl), the host counts as one that can send, and the VIP as answered for. So the
 * group comes back after a pause that grows each time.
 */
export async function probeSending(
  instance: Instance,
  { source, taken }: ProbingHost,
  signal: AbortSignal,
): Promise<SendProbeResult> {
  const { interface: link, unicast, firstVip } = instance;
  const targets = advertDestinations(instance);
  const peers = unicast?.peers ?? [];
  const unused = unusedNear(
    firstVip.address,
    new Set([...taken, ...peers, ...vipsOf(instance), unicast?.source ?? ""]),
  );
  const asked = source === undefined ? [] : [firstVip.address, ...peers, ...unused];
  const questions = asked.flatMap((address) => questionFor(address, source));
  const args = [link, unicast?.source ?? "", ...targets, "-", ...questions];
  const { exitCode, stdout } = await execa(
    ...boundToAgent("KILL", "perl", ["-e", SEND_PROBE_SCRIPT, "--", ...args]),
    {
      ...bareEnvironment(env),
      cancelSignal: signal,
      killSignal: "SIGKILL",
      reject: false,
      stdin: "ignore",
      timeout: TIMEOUT_MS,
    },
  );
  if (exitCode !== 0) return UNKNOWN;
  const all = [...stdout.matchAll(/^answered (\S+) (\S+)$/gm)].map(([, hex, mac]) => [hex, mac] as const);
  // a router that answers for addresses that nobody has answers for hosts that are gone, too
  const isProxy = (mac: string | undefined) =>
    unused.length > 0 &&
    unused.every((each) => all.some(([hex, its]) => hex === hexText(each) && its === mac));
  const answers = new Map(all.filter(([, mac]) => !isProxy(mac)));
  const unsent = [...stdout.matchAll(/^unsent (\S+) /gm)].map(([, target = ""]) => target);
  const canAsk = questions.length > 0;
  // the multicast group answers no question
  const outOfReach = unsent.filter(
    (target) => !canAsk || unicast === undefined || answers.has(hexText(target)),
  );
  const mac = answers.get(hexText(firstVip.address));
  return {
    canSend: outOfReach.length === 0,
    isAnswered: !canAsk || mac !== undefined,
    isFirst: mac !== undefined && source !== undefined && mac < source.mac.replaceAll(":", ""),
    error: /^unsent \S+ (.+)$/m.exec(stdout)?.[1],
    outOfReach,
  };
}

function questionFor(address: string, source: ProbeSource | undefined): string[] {
  const probe = source && addressProbe(address, source);
  if (probe === undefined) return [];
  const { etherType, destination, packet } = probe;
  return [String(etherType), destination, packet, hexText(address)];
}

function hexText(address: string): string {
  return hexOf(bytesOfAddress(address));
}
