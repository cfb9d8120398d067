/** The drain orders that the command `drain` leaves in STATE_DIR, as they change. */
import type { Logger } from "pino";
import { createSerialQueue } from "../../system/serial-queue.ts";
import { type DrainOrders, drainOrdersOf, NO_DRAIN } from "../orders.ts";
import { readDrainFile, watchDrainFile } from "./drain-file.ts";

export interface WatchDrainOrdersOptions {
  readonly stateDir: string;
  /** Called with orders that differ from the previous ones. */
  readonly onOrders: (orders: DrainOrders) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Resolves once the orders of earlier runs are in force and the file is watched, until the signal aborts. */
export async function watchDrainOrders({
  stateDir,
  onOrders,
  log,
  signal,
}: WatchDrainOrdersOptions): Promise<void> {
  let current = NO_DRAIN;
  const readOrders = async (): Promise<void> => {
    const text = await readDrainFile(stateDir);
    const orders = text === undefined ? NO_DRAIN : drainOrdersOf(text);
    // a drained host stays drained while the file is damaged
    if (orders === undefined)
      return log.warn("drain.json is damaged; the earlier drain orders stay in force");
    if (JSON.stringify(orders) === JSON.stringify(current)) return;
    current = orders;
    onOrders(orders);
    log.info({ orders }, "drain orders changed");
  };
  const enqueue = createSerialQueue();
  const onChange = () =>
    enqueue(readOrders).catch((err: unknown) => log.warn({ err }, "cannot read the drain orders"));
  const onError = (err: unknown) => log.warn({ err }, "cannot watch the drain orders");
  watchDrainFile(stateDir, { onChange, onError, signal });
  await onChange();
}
