/**
 * The lease: each VIP on this host has a lifetime of a few seconds, and the listener process renews it (src/wire/lease.pl).
 *
 * A container that is killed or frozen as a whole renews nothing, so the kernel removes its VIPs, and nothing has to be
 * restarted. The lease takes no VIP away from a healthy host: while the process that renews keeps ending, no VIP gets a
 * lifetime.
 */
import type { Writable } from "node:stream";
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import { everyTick } from "../../system/io/ticks.ts";
import type { Report } from "../../system/report.ts";
import type { Instance } from "../../vrrp/instance.ts";
import type { ListenerCompanion } from "../../wire/io/listener.ts";
import { keyOf, type LeasedVip, leasedVips, leaseFamily, leaseLines } from "../leased-vip.ts";
import { deriveLeaseStatus, LEASE_OFF, type LeaseStatus, type Renewer } from "../status.ts";

/** The listener renews for 6 s after the last beat. */
const BEAT_MS = 1_000;
/** One beat in this many asks for an answer. A listener that has not answered by the next question is replaced. */
const BEATS_PER_QUESTION = 10;
/** If it ends this often within the time, VIPs get no lifetime until this time has passed without an end. */
const MAX_ENDS = 2;
const STEADY_MS = 60_000;
/** A VIP gets its lifetime within 0.3 s on a quiet host. After this time the lack of one is reported. */
const LATE_MS = 3_000;

/** A VIP as the kernel has it. */
interface HeldVip extends LeasedVip {
  readonly hasLifetime: boolean;
}

export interface Lease {
  /** What the listener process is told, and what it tells. */
  readonly companion: ListenerCompanion;
  /** Replaces the instances whose VIPs keepalived may have put on an interface. */
  setInstances(instances: readonly Instance[]): void;
  /** Searches for VIPs that have just come, so that they get their lifetime sooner. */
  refresh(): void;
  /** Compares the VIPs that the kernel has with what they should be, and reports those without a lifetime. */
  judge(held: readonly HeldVip[]): void;
}

export interface LeaseOptions {
  /** Undefined: VIPs have no lifetime. */
  readonly seconds: number | undefined;
  /** Where keepalived's VRRP process writes its pid. */
  readonly pidFile: string;
  readonly onStatus: (status: LeaseStatus) => void;
  /** The VIPs in the kernel should be compared again. */
  readonly onDoubt: () => void;
  readonly report: Report;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const NO_LEASE: Lease = {
  companion: { word: "lease", onStart: () => undefined, onLine: () => undefined, onEnd: () => undefined },
  setInstances: () => undefined,
  refresh: () => undefined,
  judge: () => undefined,
};

export function openLease(options: LeaseOptions): Lease {
  const { seconds, pidFile, onStatus, report, log, signal } = options;
  if (seconds === undefined) {
    onStatus(LEASE_OFF);
    return NO_LEASE;
  }
  let input: Writable | undefined;
  let endListener: () => unknown = () => undefined;
  let beats = 0;
  let isAnswerDue = false;
  let vips: readonly LeasedVip[] = [];
  let renewer: Renewer = { phase: "starting" };
  let refusals = new Map<number, string | undefined>();
  let endsMs: number[] = [];
  let steadyTimer: NodeJS.Timeout | undefined;
  let doubtTimer: NodeJS.Timeout | undefined;
  /** Since when each VIP has been seen without a lifetime. */
  let lacking = new Map<string, number>();
  let status: LeaseStatus = { seconds, state: "starting", reason: undefined };

  const mayAdopt = () => endsMs.length < MAX_ENDS;
  const publish = () => {
    const families = new Set(vips.map(({ address }) => leaseFamily(address)));
    const next = deriveLeaseStatus(seconds, families, renewer);
    if (next.state === "unavailable" && next.reason !== status.reason)
      log.warn({ reason: next.reason }, "virtual IPs have no lease");
    if (next.state === "renewed" && status.state !== "renewed")
      log.info({ seconds }, "virtual IPs have a lease");
    status = next;
    onStatus(status);
  };
  const order = () => {
    if (input?.writable)
      input.write(`${leaseLines({ vips, seconds, mayAdopt: mayAdopt(), pidFile }).join("\n")}\n`);
    if (input !== undefined) renewer = { phase: "running", refusals, mayAdopt: mayAdopt() };
    publish();
  };
  const onSteady = () => {
    endsMs = [];
    order();
  };
  publish();
  const beat = () => {
    beats += 1;
    const isQuestion = input !== undefined && beats % BEATS_PER_QUESTION === 0;
    if (isQuestion && isAnswerDue) {
      log.error("listener hangs, and is replaced");
      endListener();
      return;
    }
    isAnswerDue ||= isQuestion;
    // beats must not pile up here while the listener does not read
    if (input?.writable && !input.writableNeedDrain) input.write(isQuestion ? "beat ask\n" : "beat\n");
  };
  everyTick(BEAT_MS, beat, signal);
  signal.addEventListener(
    "abort",
    () => {
      clearTimeout(steadyTimer);
      clearTimeout(doubtTimer);
    },
    { once: true },
  );

  return {
    companion: {
      word: "lease",
      onStart: (stdin, end) => {
        [input, endListener, isAnswerDue] = [stdin, end, false];
        refusals = new Map();
        order();
      },
      onLine: (text) => {
        isAnswerDue = false;
        const [word, family, ...reason] = text.split(" ");
        if (word === "alive") return;
        refusals.set(Number(family), word === "able" ? undefined : reason.join(" "));
        publish();
      },
      onEnd: () => {
        input = undefined;
        if (signal.aborted) return;
        renewer = { phase: "ended" };
        const nowMs = performance.now();
        endsMs = [...endsMs.filter((ms) => nowMs - ms < STEADY_MS), nowMs];
        clearTimeout(steadyTimer);
        steadyTimer = setTimeout(onSteady, STEADY_MS);
        publish();
      },
    },
    setInstances: (instances) => {
      const next = leasedVips(instances);
      const isSame = next.map(keyOf).join() === vips.map(keyOf).join();
      vips = next;
      if (!isSame) order();
    },
    refresh: order,
    judge: (held) => {
      const nowMs = performance.now();
      const keys = new Set(vips.map(keyOf));
      const bare =
        status.state === "renewed" ? held.filter((vip) => !vip.hasLifetime && keys.has(keyOf(vip))) : [];
      lacking = new Map(bare.map((vip) => [keyOf(vip), lacking.get(keyOf(vip)) ?? nowMs]));
      const late = [...lacking].filter(([, sinceMs]) => nowMs - sinceMs >= LATE_MS).map(([key]) => key);
      clearTimeout(doubtTimer);
      if (late.length > 0)
        report.problem(
          new AgentError(
            "LEASE_NOT_RENEWED",
            `no lifetime on ${late.join(", ")}, although VIP_LEASE is ${seconds} s`,
          ),
        );
      else report.ok();
      if (late.length < lacking.size) doubtTimer = setTimeout(options.onDoubt, LATE_MS);
    },
  };
}
