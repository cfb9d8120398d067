/** Which invariants were checked how often, and what broke them. */
export type Invariant =
  | "cost"
  | "well again"
  | "agents alive"
  | "files valid"
  | "processes"
  | "descriptors"
  | "memory"
  | "journal bounded"
  | "no contradiction";

export interface Breach {
  readonly invariant: Invariant;
  /** A sentence. */
  readonly what: string;
  readonly atMs: number;
}

export class Ledger {
  held = 0;
  readonly breaches: Breach[] = [];
  readonly #onBreach: (breach: Breach) => void;

  constructor(onBreach: (breach: Breach) => void) {
    this.#onBreach = onBreach;
  }

  /** Records one check: held where there is no complaint, broken once for each. */
  check(invariant: Invariant, complaints: readonly string[]): void {
    if (complaints.length === 0) this.held += 1;
    for (const what of complaints) {
      const breach = { invariant, what, atMs: Date.now() };
      this.breaches.push(breach);
      this.#onBreach(breach);
    }
  }
}
