/** What happens to keepalived's processes. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Fault, FELL_SILENT, HANDED_OVER, NOTHING_TO_UNDO, onOwner, UNNOTICED } from "./fault.ts";
import { keepalivedPids, processesOf, signalTo } from "./processes.ts";

const HANG_UPS = 10;
const HANG_UP_GAP_MS = 150;

export const KEEPALIVED_FAULTS: readonly Fault[] = [
  {
    name: "keepalived-parent-killed",
    areas: ["keepalived"],
    lasts: [0, 0],
    // the kernel tells the child to end, which releases the VIP
    allowance: onOwner(HANDED_OVER),
    strike: async ({ host }) => {
      signalTo(keepalivedPids(processesOf(host)).parent, "SIGKILL");
      return NOTHING_TO_UNDO;
    },
  },
  {
    name: "keepalived-child-killed",
    areas: ["keepalived"],
    lasts: [0, 0],
    allowance: onOwner(FELL_SILENT),
    strike: async ({ host }) => {
      signalTo(keepalivedPids(processesOf(host)).child, "SIGKILL");
      return NOTHING_TO_UNDO;
    },
  },
  {
    name: "keepalived-killed",
    areas: ["keepalived"],
    lasts: [0, 0],
    // the agent takes the VIP off the host; the others wait for three adverts
    allowance: onOwner(FELL_SILENT),
    strike: async ({ host }) => {
      const { parent, child } = keepalivedPids(processesOf(host));
      signalTo(child, "SIGKILL");
      signalTo(parent, "SIGKILL");
      return NOTHING_TO_UNDO;
    },
  },
  {
    name: "keepalived-frozen",
    areas: ["keepalived"],
    lasts: [300, 3_000],
    // it keeps the VIP until it runs again and hears the new owner; the one of higher priority then has it
    allowance: ({ durationMs }) => ({ ...FELL_SILENT, overlapMs: durationMs + 1_000 }),
    strike: async ({ host }) => {
      const { child } = keepalivedPids(processesOf(host));
      signalTo(child, "SIGSTOP");
      return async () => signalTo(child, "SIGCONT");
    },
  },
  {
    name: "keepalived-hang-ups",
    areas: ["keepalived"],
    lasts: [0, 0],
    allowance: () => UNNOTICED,
    strike: async ({ host }) => {
      const { parent } = keepalivedPids(processesOf(host));
      for (let count = 0; count < HANG_UPS; count += 1) {
        signalTo(parent, "SIGHUP");
        await sleep(HANG_UP_GAP_MS);
      }
      return NOTHING_TO_UNDO;
    },
  },
];
