/** All figures, in the order of docs/design/benchmarks.md; those that last are the last ones. */
import type { Figure } from "./figure.ts";
import { BUSY_ENVIRONMENT } from "./figures/busy-environment.ts";
import { CABLE_CUT } from "./figures/cable-cut.ts";
import { IDLE_CPU } from "./figures/idle-cpu.ts";
import { MANY_GROUPS } from "./figures/many-groups.ts";
import { MEMORY } from "./figures/memory.ts";
import { METADATA_CHANGE } from "./figures/metadata-change.ts";
import { OWNER_STOPPED } from "./figures/owner-stopped.ts";
import { PEER_CHURN } from "./figures/peer-churn.ts";
import { PORT_RULE_GONE } from "./figures/port-rule-gone.ts";
import { PURE_CORE } from "./figures/pure-core.ts";
import { START } from "./figures/start.ts";

export const FIGURES: readonly Figure[] = [
  OWNER_STOPPED,
  ...PORT_RULE_GONE,
  ...CABLE_CUT,
  MANY_GROUPS,
  METADATA_CHANGE,
  START,
  ...IDLE_CPU,
  BUSY_ENVIRONMENT,
  PURE_CORE,
  PEER_CHURN,
  MEMORY,
];
