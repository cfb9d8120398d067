/** The drain orders that the command `drain` leaves in STATE_DIR, as they change. */
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import type { Report } from "../../system/report.ts";
import { createSerialQueue } from "../../system/serial-queue.ts";
import { type DrainOrders, NO_DRAIN } from "../orders.ts";
import { readDrainOrders, watchDrainFile } from "./drain-file.ts";

export interface WatchDrainOrdersOptions {
  readonly stateDir: string;
  /** Called with orders that differ from the previous ones. */
  readonly onOrders: (orders: DrainOrders) => void;
  /** Told while the file cannot be read. */
  readonly report: Report;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Resolves once the orders of earlier runs are in force and the file is watched, until the signal aborts.
 *
 * The file is there only while something is drained. So where it cannot be read, the orders that this run has read stay in force,
 * and at the start all groups are drained: a host under maintenance must not take the VIPs because its disk is damaged.
 */
export async function watchDrainOrders({
  stateDir,
  onOrders,
  report,
  log,
  signal,
}: WatchDrainOrdersOptions): Promise<void> {
  let current = NO_DRAIN;
  let isFirst = true;
  const setOrders = (orders: DrainOrders): void => {
    if (JSON.stringify(orders) === JSON.stringify(current)) return;
    current = orders;
    onOrders(orders);
    log.info({ orders }, "drain orders changed");
  };
  const readOrders = async (): Promise<void> => {
    const read = await readDrainOrders(stateDir);
    if (!(read instanceof AgentError)) {
      report.ok();
      setOrders(read);
    } else {
      report.problem(read);
      if (isFirst) setOrders({ all: new Date().toISOString(), groups: {} });
    }
    isFirst = false;
  };
  const enqueue = createSerialQueue();
  const onChange = () => enqueue(readOrders);
  const onError = (err: unknown) => log.warn({ err }, "cannot watch the drain orders");
  watchDrainFile(stateDir, { onChange, onError, signal });
  await onChange();
}
