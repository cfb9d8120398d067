/** The command `drain`: gives the virtual IPs of this host away until `undrain`. */
import { watchAgentStatus } from "./agent-status.ts";
import type { CommandContext } from "./command.ts";
import { orderDrain } from "./drain-order.ts";
import type { OptionValues } from "./options.ts";

/** @throws {AgentError} as `orderDrain` */
export async function drainCommand(
  { env, signal, print }: CommandContext,
  { force = false }: OptionValues,
  group: string | undefined,
): Promise<number> {
  const watch = (timeout: AbortSignal) => watchAgentStatus(AbortSignal.any([timeout, signal]));
  const stateDir = env["STATE_DIR"] || undefined;
  print(`${await orderDrain({ isDrain: true, group, isForced: force, stateDir, watch })}\n`);
  return 0;
}
