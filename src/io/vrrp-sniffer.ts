/**
 * VRRP adverts on the wire of one interface, of this host and of others, within ms, as tcpdump sees them.
 *
 * `isListening` tells silence from deafness, but for an interface that is down: that is silent too. Frames of VLANs
 * upon the interface are seen as well. tcpdump needs CAP_NET_RAW, and as root CAP_SETGID. It dies with the agent.
 */
import { env } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { Logger } from "pino";
import { bareEnvironment, boundToAgent } from "../core/child-command.ts";
import { type Advert, parseAdvert } from "../core/vrrp-advert.ts";

/**
 * Output is read this often at most, ms, and what says the same is told once. In a flood, tcpdump waits in between,
 * and the kernel drops what has no room.
 */
const COALESCE_MS = 10;
/** Of a frame; a longer one is cut, and then it is none of ours: those have 54 with VRRPv2, 78 with IPv6. */
const CAPTURED_BYTES = 256;
/** Room in the kernel for packets that wait, KiB. With more, what is told in a flood would be older than 0.25 s. */
const WAITING_KIB = 512;
/** Many times what tcpdump prints of one packet, characters. */
const MAX_LINE = 8_192;
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5_000;

export interface VrrpSniffer {
  /** Whether an advert on the wire would be told now. For ever false where there is no tcpdump. */
  readonly isListening: boolean;
  /** Resolves after the abort or `close`, or when there is no tcpdump; by then it is gone. Never rejects. */
  readonly ended: Promise<void>;
  /** Nothing is told from now on. Resolves like `ended`. */
  close(): Promise<void>;
}

export interface VrrpSnifferOptions {
  readonly interfaceName: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Not called after the abort. */
  readonly onAdvert: (advert: Advert) => void;
  /** `isListening` changed. Not called after the abort. */
  readonly onState: (isListening: boolean) => void;
}

export function openVrrpSniffer(options: VrrpSnifferOptions): VrrpSniffer {
  const { interfaceName, log, onAdvert, onState } = options;
  const closing = new AbortController();
  const signal = AbortSignal.any([options.signal, closing.signal]);
  let isListening = false;
  const enter = (state: boolean) => {
    if (state === isListening) return;
    isListening = state;
    if (!signal.aborted) onState(state);
  };

  const listen = async () => {
    const tcpdump = startTcpdump(interfaceName, signal);
    let said = "";
    tcpdump.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-1_000);
      if (said.includes("listening on ")) enter(true);
    });
    const read = readAdverts((advert) => {
      if (!signal.aborted) onAdvert(advert);
    });
    tcpdump.stdout.on("data", (chunk: Buffer) => {
      read(chunk.toString("latin1"));
      tcpdump.stdout.pause();
      setTimeout(() => tcpdump.stdout.resume(), COALESCE_MS);
    });
    const { code, exitCode, durationMs, shortMessage } = await tcpdump;
    enter(false);
    const complaint = /^\w+: (?!listening on ).*$/m.exec(said)?.[0] ?? shortMessage;
    return { isMissing: code === "ENOENT" || exitCode === 127, complaint, durationMs };
  };

  const listenOn = async (): Promise<void> => {
    let backoffMs = FIRST_BACKOFF_MS;
    while (!signal.aborted) {
      const { isMissing, complaint, durationMs } = await listen();
      if (signal.aborted) return;
      if (isMissing) return log.warn({ complaint }, "no tcpdump to listen for adverts with");
      if (durationMs > MAX_BACKOFF_MS) backoffMs = FIRST_BACKOFF_MS;
      const level = backoffMs === FIRST_BACKOFF_MS ? "warn" : "debug";
      log[level]({ complaint, delayMs: backoffMs }, "listening for adverts ended, will restart");
      await sleep(backoffMs, undefined, { signal }).catch(() => undefined);
      backoffMs = Math.min(2 * backoffMs, MAX_BACKOFF_MS);
    }
  };

  const ended = listenOn();
  return {
    get isListening() {
      return isListening;
    },
    ended,
    close() {
      closing.abort();
      return ended;
    },
  };
}

/** Takes tcpdump's output in pieces as they come, and tells the adverts of each in the order of their last words. */
function readAdverts(tell: (advert: Advert) => void): (piece: string) => void {
  let begun = "";
  let header = "";
  return (piece) => {
    const adverts = new Map<string, Advert>();
    const lines = (begun + piece).split("\n");
    begun = (lines.pop() ?? "").slice(0, MAX_LINE);
    for (const line of lines) {
      const isSecond = line.startsWith(" ");
      if (!isSecond) header = line; // of IPv4; no two packets have the same
      const advert = adverts.get(line) ?? parseAdvert(isSecond ? `${header}\n${line}` : line);
      if (advert === undefined) continue;
      adverts.delete(line);
      adverts.set(line, advert);
    }
    for (const advert of adverts.values()) tell(advert);
  };
}

/** As another user than root, tcpdump would lose the word that it has to die with the agent. */
function startTcpdump(interfaceName: string, signal: AbortSignal) {
  const bounds = ["-s", String(CAPTURED_BYTES), "-B", String(WAITING_KIB)];
  const listening = ["-i", interfaceName, ...bounds, "--immediate-mode", "-Z", "root"];
  const printing = ["-n", "-v", "-t", "-l"];
  const filter = "ip proto 112 or ip6 proto 112";
  return execa(...boundToAgent("KILL", "tcpdump", [...listening, ...printing, filter]), {
    ...bareEnvironment(env),
    buffer: false,
    cancelSignal: signal,
    encoding: "buffer",
    killSignal: "SIGKILL",
    reject: false,
    stdin: "ignore",
  });
}
