/** Every fault that a soak draws from. */

import type { Fault } from "./fault.ts";
import { AGENT_FAULTS } from "./faults-agent.ts";
import { FILE_FAULTS } from "./faults-files.ts";
import { HEALTH_FAULTS } from "./faults-health.ts";
import { KEEPALIVED_FAULTS } from "./faults-keepalived.ts";
import { METADATA_FAULTS } from "./faults-metadata.ts";
import { NETWORK_FAULTS } from "./faults-network.ts";
import { OUTSIDE_FAULTS } from "./faults-outside.ts";

export const FAULTS: readonly Fault[] = [
  ...KEEPALIVED_FAULTS,
  ...AGENT_FAULTS,
  ...NETWORK_FAULTS,
  ...HEALTH_FAULTS,
  ...METADATA_FAULTS,
  ...FILE_FAULTS,
  ...OUTSIDE_FAULTS,
];
