/** The command `undrain`: ends what `drain` began. */
import { watchAgentStatus } from "./agent-status.ts";
import type { CommandContext } from "./command.ts";
import { orderDrain } from "./drain-order.ts";

/** @throws {AgentError} as `orderDrain` */
export async function undrainCommand(
  { signal, print }: CommandContext,
  group: string | undefined,
): Promise<number> {
  const watch = (timeout: AbortSignal) => watchAgentStatus(AbortSignal.any([timeout, signal]));
  print(`${await orderDrain({ isDrain: false, group, isForced: false, watch })}\n`);
  return 0;
}
