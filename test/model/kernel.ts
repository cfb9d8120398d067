/**
 * The VIPs that a machine's kernel has on its interface. Each has a lifetime, if the model gives it one: the lease, which
 * something in the container renews, so that an address outlives the container by that long and no longer.
 */
import type { Clock } from "./clock.ts";

/** What VIP_LEASE=1 gives: renewed every quarter of a second, gone 1.0 to 1.26 s after the last process. */
export const LEASE_MS = 1_260;

export interface KernelOptions {
  readonly clock: Clock;
  /** Undefined: addresses stay until somebody removes them. */
  readonly leaseMs: number | undefined;
  /** An address came or went. */
  readonly onChange: (address: string, isHeld: boolean) => void;
  /** An address went because its lease ran out. */
  readonly onLapse: (address: string) => void;
}

export class Kernel {
  readonly #options: KernelOptions;
  readonly #held = new Set<string>();
  /** Addresses whose leases nothing renews any more. */
  #lapsing = new Set<string>();
  /** Addresses that this kernel refuses, as one of IPv6 where IPv6 is off; and those that it ever refused. */
  readonly #refused = new Set<string>();
  readonly #everRefused = new Set<string>();

  constructor(options: KernelOptions) {
    this.#options = options;
  }

  get addresses(): ReadonlySet<string> {
    return this.#held;
  }

  /** Whether the address is on its way out, by the kernel alone. */
  isLapsing(address: string): boolean {
    return this.#lapsing.has(address);
  }

  refuse(address: string): void {
    this.#refused.add(address);
    this.#everRefused.add(address);
  }

  accept(address: string): void {
    this.#refused.delete(address);
  }

  /** Whether this kernel refuses the address, or did. */
  hasRefused(address: string): boolean {
    return this.#everRefused.has(address);
  }

  add(address: string): void {
    if (this.#refused.has(address)) return;
    const isNew = !this.#held.has(address);
    this.#held.add(address);
    if (isNew) this.#options.onChange(address, true);
  }

  remove(address: string): void {
    this.#lapsing.delete(address);
    if (this.#held.delete(address)) this.#options.onChange(address, false);
  }

  removeAll(): void {
    for (const address of [...this.#held]) this.remove(address);
  }

  /** What renews the leases was killed or is frozen: what is held now goes when they run out. */
  endRenewals(): void {
    const { clock, leaseMs, onLapse } = this.#options;
    if (leaseMs === undefined) return;
    const lapsing = new Set(this.#held);
    this.#lapsing = lapsing;
    clock.in(leaseMs, () => {
      // another set means that they are renewed again, or end later
      if (this.#lapsing !== lapsing) return;
      for (const address of [...lapsing]) {
        this.remove(address);
        onLapse(address);
      }
    });
  }

  /** It goes on, in time. */
  resumeRenewals(): void {
    this.#lapsing = new Set();
  }
}
