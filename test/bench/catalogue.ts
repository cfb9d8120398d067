/** All figures, in the order of docs/benchmarks.md. */
import type { Figure } from "./figure.ts";
import { CABLE_CUT } from "./figures/cable-cut.ts";
import { IDLE_CPU } from "./figures/idle-cpu.ts";
import { MEMORY } from "./figures/memory.ts";
import { OWNER_STOPPED } from "./figures/owner-stopped.ts";
import { PORT_RULE_GONE } from "./figures/port-rule-gone.ts";

export const FIGURES: readonly Figure[] = [
  OWNER_STOPPED,
  ...PORT_RULE_GONE,
  ...CABLE_CUT,
  ...IDLE_CPU,
  MEMORY,
];
