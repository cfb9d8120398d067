/**
 * Loaded into the agent's process by NODE_OPTIONS, so that the product needs no hook for tests: at each SIGUSR2 the process
 * does to itself what the file FAULT_FILE says, `{"kind": "block", "ms": 8000}`.
 */
import { readFileSync } from "node:fs";

const INFLICT: Readonly<Record<string, (ms: number) => void>> = {
  exception() {
    throw new Error("an exception that nobody catches");
  },
  rejection() {
    void Promise.reject(new Error("a rejection that nobody catches"));
  },
  memory() {
    const hoard: number[][] = [];
    for (;;) hoard.push(Array.from({ length: 10_000 }, (_, index) => index + hoard.length));
  },
  block(ms) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  },
  /** What the process takes for the time of day, from now on; monotonic clocks and timers know nothing of it. */
  clock(ms) {
    offsetMs = ms;
  },
};

let offsetMs = 0;
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...time: [] | [number | string | Date]) {
    super(time.length === 0 ? RealDate.now() + offsetMs : time[0]);
  }

  static override now(): number {
    return RealDate.now() + offsetMs;
  }
} as DateConstructor;

process.on("SIGUSR2", () => {
  const { kind, ms = 0 } = JSON.parse(readFileSync(process.env["FAULT_FILE"] ?? "", "utf8"));
  process.stdout.write(`inflicted ${kind}\n`);
  setImmediate(() => {
    INFLICT[kind]?.(ms);
    process.stdout.write(`survived ${kind}\n`);
  });
});
