/**
 * The time of the model. Nothing waits: each event says when the next one is due, and the earliest due one happens.
 *
 * The agent's own code runs inside. It asks `performance.now()` and `setTimeout`, so both are the model's while events
 * happen. Events are run to their end one by one, promises included, so no time passes within one.
 */

/** Runs what a timer does, in the process that set the timer: a frozen one does it later, an ended one never. */
export type Scope = (happens: () => void | Promise<void>) => void | Promise<void>;

/** The clock as a process has it: what it plans happens later while it is frozen, and never after its end. */
export type ProcessClock = Pick<Clock, "nowMs" | "at" | "in">;

const OUTSIDE: Scope = (happens) => happens();

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly happens: () => void | Promise<void>;
}

export class Clock {
  nowMs = 0;
  /** Of the process whose code runs now. */
  #scope: Scope = OUTSIDE;
  /** A binary heap, the earliest first. What is due at one time happens in the order in which it was planned. */
  readonly #dues: Due[] = [];
  #planned = 0;

  at(atMs: number, happens: () => void | Promise<void>): void {
    this.#planned += 1;
    const due = { atMs: Math.max(atMs, this.nowMs), order: this.#planned, happens };
    const dues = this.#dues;
    let place = dues.push(due) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isEarlier(due, dues[parent]!)) break;
      dues[place] = dues[parent]!;
      place = parent;
    }
    dues[place] = due;
  }

  in(delayMs: number, happens: () => void | Promise<void>): void {
    this.at(this.nowMs + delayMs, happens);
  }

  /** Runs code of a process: timers that it sets belong to `scope`. */
  inScope(scope: Scope, happens: () => void | Promise<void>): void | Promise<void> {
    const outer = this.#scope;
    const leave = () => {
      this.#scope = outer;
    };
    this.#scope = scope;
    const ends = happens();
    if (ends !== undefined) return ends.finally(leave);
    leave();
  }

  /** Lets time pass until `untilMs`. @param isOver asked after each event: whether to stop earlier. */
  async run(untilMs: number, isOver: () => boolean): Promise<void> {
    const restore = this.#takeOver();
    try {
      for (let due = this.#dues[0]; due !== undefined && due.atMs <= untilMs; due = this.#dues[0]) {
        this.#removeFirst();
        this.nowMs = due.atMs;
        const ends = due.happens();
        if (ends !== undefined) await ends;
        if (isOver()) return;
      }
      this.nowMs = untilMs;
    } finally {
      restore();
    }
  }

  /** @returns gives the real clock and the real timers back. */
  #takeOver(): () => void {
    const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = globalThis;
    const realNow = Object.getOwnPropertyDescriptor(performance, "now");
    const cleared = new WeakSet<object>();
    const setTimeout = (callback: () => void, delayMs = 0): object => {
      const scope = this.#scope;
      const timer = { unref: () => timer, ref: () => timer };
      this.in(delayMs, () => (cleared.has(timer) ? undefined : scope(callback)));
      return timer;
    };
    const clearTimeout = (timer: object | undefined) => timer && cleared.add(timer);
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Object.defineProperty(performance, "now", { configurable: true, value: () => this.nowMs });
    return () => {
      Object.assign(globalThis, { setTimeout: realSetTimeout, clearTimeout: realClearTimeout });
      if (realNow === undefined) delete (performance as { now?: unknown }).now;
      else Object.defineProperty(performance, "now", realNow);
    };
  }

  #removeFirst(): void {
    const dues = this.#dues;
    const last = dues.pop();
    if (last === undefined || dues.length === 0) return;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= dues.length) break;
      const right = left + 1;
      const child = right < dues.length && isEarlier(dues[right]!, dues[left]!) ? right : left;
      if (!isEarlier(dues[child]!, last)) break;
      dues[place] = dues[child]!;
      place = child;
    }
    dues[place] = last;
  }
}

function isEarlier(a: Due, b: Due): boolean {
  return a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs;
}
