/** The command `undrain`: ends what `drain` began. */
import { watchAgentStatus } from "./agent-status.ts";
import type { CommandContext } from "./command.ts";
import { orderDrain } from "./drain-order.ts";

/** @throws {AgentError} as `orderDrain` */
export async function undrainCommand(
  { env, signal, print }: CommandContext,
  group: string | undefined,
): Promise<number> {
  const watch = (timeout: AbortSignal) => watchAgentStatus(AbortSignal.any([timeout, signal]));
  const stateDir = env["STATE_DIR"] || undefined;
  print(`${await orderDrain({ isDrain: false, group, isForced: false, stateDir, watch })}\n`);
  return 0;
}
