/**
 * The agent's verification of what keepalived says against what the kernel has, as src/status/io/verify.ts paces it, and
 * the remedies. What is found, what is done about it and how often are decided by the agent's own code.
 */

import type { InstanceStatus } from "../../src/keepalived/instance-status.ts";
import { instanceStatus } from "../../src/keepalived/instance-status.ts";
import { type FoundContradiction, findContradictions, type Remedy } from "../../src/status/contradiction.ts";
import { createRefusedVips } from "../../src/status/io/refused-vips.ts";
import { missingFurtherVips } from "../../src/status/missing-vip.ts";
import { createRemedySchedule } from "../../src/status/remedy-schedule.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import type { ProcessClock } from "./clock.ts";
import type { Kernel } from "./kernel.ts";
import { SILENT } from "./settings.ts";
import type { Without } from "./without.ts";

/** Of src/status/io/verify.ts. */
const CHANGE_DELAY_MS = 250;
const CONTRADICTION_INTERVAL_MS = 1_000;

export interface VerificationOptions {
  readonly clock: ProcessClock;
  readonly kernel: Kernel;
  readonly without: Without;
  /** What keepalived runs, with its states; undefined while none runs. */
  readonly running: () => readonly { readonly conf: Instance; readonly state: string }[] | undefined;
  readonly isHealthy: () => boolean;
  readonly setHold: (group: string, reason: string | undefined) => void;
  readonly reload: () => void;
  readonly replace: (why: string) => void;
}

export class Verification {
  readonly #options: VerificationOptions;
  readonly #schedule = createRemedySchedule();
  readonly #since = new Map<string, number>();
  readonly #refusedVips;
  #isPlanned = false;

  constructor(options: VerificationOptions) {
    this.#options = options;
    const { kernel, setHold } = options;
    this.#refusedVips = createRefusedVips({
      report: { ok: () => undefined, problem: () => undefined, problems: () => undefined },
      reload: async () => options.reload(),
      restore: async ({ address }) => {
        kernel.add(address);
        return kernel.addresses.has(address) ? undefined : "refused";
      },
      isThere: async ({ address }) => kernel.addresses.has(address),
      setHold,
      sysctl: () => 0,
      log: SILENT,
      signal: new AbortController().signal,
    });
  }

  /** A state or an address changed, or may have. */
  note(delayMs = CHANGE_DELAY_MS): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#options.clock.in(delayMs, () => this.#verify());
  }

  async #verify(): Promise<void> {
    this.#isPlanned = false;
    const { clock, kernel, running, isHealthy } = this.#options;
    const instances = (running() ?? []).map(({ conf, state }) =>
      instanceStatus(conf, { name: state, since: "" }),
    );
    const held = [...kernel.addresses].map((address) => ({ interface: "eth0", address }));
    const found = findContradictions({
      isKeepalivedRunning: running() !== undefined,
      instances,
      health: new Map(instances.map(({ name }) => [name, { isHealthy: isHealthy(), heldBy: undefined }])),
      heldAddresses: held,
      linksUp: new Set(["eth0"]),
      silentSince: undefined,
      isHung: false,
      access: new Map(),
    });
    const contradictions = this.#options.without.has("row7") ? missingAny(instances, kernel) : found;
    for (const remedy of this.#due(contradictions)) this.#apply(remedy);
    const repairMs = await this.#refusedVips.repair(
      this.#options.without.has("row7") ? [] : missingFurtherVips(instances, held),
    );
    if (contradictions.some(({ remedy }) => remedy !== undefined)) this.note(CONTRADICTION_INTERVAL_MS);
    else if (repairMs !== undefined) clock.in(repairMs, () => this.note());
  }

  #due(found: readonly FoundContradiction[]): Remedy[] {
    const { nowMs } = this.#options.clock;
    const keys = new Set(found.map(({ key }) => key));
    for (const key of this.#since.keys()) if (!keys.has(key)) this.#since.delete(key);
    for (const key of keys) if (!this.#since.has(key)) this.#since.set(key, nowMs);
    return found
      .filter(({ key, remedyDelayMs }) => nowMs - (this.#since.get(key) ?? nowMs) >= remedyDelayMs)
      .flatMap((each) =>
        this.#options.without.has("row7") ? (each.remedy ?? []) : (this.#schedule.due(each, nowMs) ?? []),
      );
  }

  #apply(remedy: Remedy): void {
    const { kernel, reload, replace } = this.#options;
    switch (remedy.kind) {
      case "remove":
        for (const address of remedy.addresses) kernel.remove(address);
        return;
      case "reload":
        reload();
        return;
      case "replace":
        replace(remedy.why);
        return;
      case "hold":
        this.#refusedVips.hold(remedy.group, remedy.vip);
    }
  }
}

/** Before the mend of row 7, any missing VIP replaced keepalived, again and again. */
function missingAny(instances: readonly InstanceStatus[], kernel: Kernel): FoundContradiction[] {
  return instances.flatMap(({ name, state, vips }) => {
    const missing = vips.map((vip) => vip.replace(/\/\d+$/, "")).filter((vip) => !kernel.addresses.has(vip));
    if (state !== "MASTER" || missing.length === 0) return [];
    const text = `${name} is MASTER without ${missing.join(", ")}`;
    const remedy = { kind: "replace", why: text, how: "gently" } as const;
    return [{ key: text, text, remedy, remedyDelayMs: 5_000 }];
  });
}
