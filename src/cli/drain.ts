/** The commands `drain` and `undrain`: they give the virtual IPs of this host away, and let it own them again. */

import { createClusterView } from "../cluster/io/cluster-view.ts";
import { watchAgentStatus } from "./agent-status.ts";
import type { CommandContext } from "./command.ts";
import { type DrainOrder, orderDrain } from "./drain-order.ts";
import type { OptionValues } from "./options.ts";

/** @returns 0 once another host owns each virtual IP. @throws {AgentError} as `orderDrain` */
export async function drainCommand(
  context: CommandContext,
  { force = false }: OptionValues,
  group: string | undefined,
): Promise<number> {
  return order(context, { isDrain: true, group, isForced: force });
}

/** @throws {AgentError} as `orderDrain` */
export async function undrainCommand(context: CommandContext, group: string | undefined): Promise<number> {
  return order(context, { isDrain: false, group, isForced: false });
}

async function order(
  { env, signal, print, printError }: CommandContext,
  what: Pick<DrainOrder, "isDrain" | "group" | "isForced">,
): Promise<number> {
  await orderDrain({
    ...what,
    stateDir: env["STATE_DIR"] || undefined,
    readCluster: (status) => createClusterView(() => status, signal).read(),
    watch: (timeout) => watchAgentStatus(AbortSignal.any([timeout, signal])),
    tell: (line) => print(`${line}\n`),
    warn: (line) => printError(`${line}\n`),
  });
  return 0;
}
