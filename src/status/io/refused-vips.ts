/**
 * Repairs VIPs that an owner lacks, without harm to its others.
 *
 * A further VIP is put back gently. First keepalived is reloaded, which adds a VIP that the kernel refused before. Then
 * the agent adds the VIP itself, because another program removed it. A group whose first VIP the kernel refuses is
 * held, so that another host owns it.
 */
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import type { Report } from "../../system/report.ts";
import { retainNames } from "../../text/by-name.ts";
import type { InForce } from "../../vrrp/in-force.ts";
import { explainRefusal, type HeldAddress, type MissingVip } from "../missing-vip.ts";
import { createVipLacks } from "../vip-lacks.ts";

/** A group whose first VIP was refused is held for this long, twice as long each time, up to the longest hold. */
const FIRST_HOLD_MS = 30_000;
const LONGEST_HOLD_MS = 300_000;

export interface RefusedVipsOptions {
  readonly report: Report;
  /** Has keepalived read its configuration again. */
  readonly reload: () => Promise<void>;
  /** Adds a VIP of a group that this host owns. @returns why the kernel refuses it; undefined where it is there. */
  readonly restore: (vip: MissingVip) => Promise<string | undefined>;
  readonly isThere: (vip: HeldAddress) => Promise<boolean>;
  readonly setHold: (group: string, reason: string | undefined) => void;
  readonly sysctl: (name: string) => number | undefined;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface RefusedVips {
  /**
   * Repairs the further VIPs that this host lacks and that are due.
   *
   * @returns when to call it again, ms from now; undefined where nothing is missing. Never rejects.
   */
  repair(missing: readonly MissingVip[]): Promise<number | undefined>;
  /** Holds a group whose first VIP cannot be put on this host. Does nothing while it is held. */
  hold(group: string, vip: MissingVip): void;
  /** Forgets the groups that are gone: their holds end. */
  setInForce(now: Pick<InForce, "groups">): void;
  /** The network changed: a VIP that the settings of the kernel refused may be possible now. */
  retry(): void;
}

type Hold = { readonly pauseMs: number } & (
  | {
      readonly phase: "held";
      readonly vip: MissingVip;
      readonly reason: string;
      /** Whether a setting of the kernel refused the VIP. */
      readonly isBySetting: boolean;
      readonly timer: NodeJS.Timeout;
    }
  | { readonly phase: "released" }
);

export function createRefusedVips(options: RefusedVipsOptions): RefusedVips {
  const { report, sysctl, log, signal } = options;
  const lacks = createVipLacks();
  const holds = new Map<string, Hold>();

  const publish = (): void => {
    const held = [...holds.values()].filter((hold) => hold.phase === "held");
    const refused = [...held, ...lacks.lasting(performance.now())];
    report.problems(refused.map(({ vip, reason }) => refusal(vip, reason)));
  };
  const tryOnce = async (vip: MissingVip): Promise<string> => {
    await options.reload().catch((err: unknown) => log.debug({ err }, "keepalived was not reloaded"));
    if (signal.aborted || (await options.isThere(vip).catch(() => true))) return "the kernel had refused it";
    const refused = await options.restore(vip);
    return refused === undefined ? "another program takes it off" : `the kernel refuses it: ${refused}`;
  };
  const repairOne = async (vip: MissingVip): Promise<void> => {
    const { group, address } = vip;
    const setting = explainRefusal(vip, sysctl);
    if (setting !== undefined) return lacks.skipped(vip, setting, performance.now());
    const reason = await tryOnce(vip);
    lacks.tried(vip, reason, performance.now());
    log.warn({ group, address, reason }, "missing virtual IP tried again");
  };
  const release = (group: string): void => {
    const hold = holds.get(group);
    if (hold?.phase !== "held" || signal.aborted) return;
    clearTimeout(hold.timer);
    holds.set(group, { phase: "released", pauseMs: hold.pauseMs });
    options.setHold(group, undefined);
    publish();
  };
  const startHold = (group: string, vip: MissingVip, pauseMs: number): void => {
    const setting = explainRefusal(vip, sysctl);
    const reason = setting ?? "neither the running keepalived nor a new one could add it";
    const onPause = () => {
      // a setting that refuses the VIP still does, so another try would only move it
      if (explainRefusal(vip, sysctl) === undefined) release(group);
      else startHold(group, vip, pauseMs);
    };
    const timer = setTimeout(onPause, pauseMs).unref();
    holds.set(group, { phase: "held", vip, reason, isBySetting: setting !== undefined, pauseMs, timer });
    options.setHold(group, refusal(vip, reason).message);
    publish();
  };
  signal.addEventListener(
    "abort",
    () => {
      for (const hold of holds.values()) if (hold.phase === "held") clearTimeout(hold.timer);
    },
    { once: true },
  );

  return {
    repair: async (missing) => {
      lacks.note(missing, performance.now());
      for (const vip of lacks.due(performance.now())) {
        await repairOne(vip);
        if (signal.aborted) return undefined;
      }
      publish();
      return lacks.recheckMs(performance.now());
    },
    hold: (group, vip) => {
      const known = holds.get(group);
      if (known?.phase === "held") return;
      const pauseMs = known === undefined ? FIRST_HOLD_MS : Math.min(2 * known.pauseMs, LONGEST_HOLD_MS);
      startHold(group, vip, pauseMs);
    },
    setInForce: ({ groups }) => {
      lacks.retainGroups(groups);
      for (const group of holds.keys()) if (!groups.has(group)) release(group);
      retainNames(holds, groups);
      publish();
    },
    retry: () => {
      const isPossible = (vip: MissingVip) => explainRefusal(vip, sysctl) === undefined;
      lacks.hurrySkipped(isPossible, performance.now());
      for (const [group, hold] of holds)
        if (hold.phase === "held" && hold.isBySetting && isPossible(hold.vip)) release(group);
    },
  };
}

function refusal({ group, address, interface: link }: MissingVip, reason: string): AgentError {
  return new AgentError("VIP_REFUSED", `group ${group}: ${address} is not on ${link}: ${reason}`);
}
