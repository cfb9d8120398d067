/** The orders of the command `drain`, followed as they are left in STATE_DIR. */
import type { Logger } from "pino";
import { createSerialQueue } from "../../system/serial-queue.ts";
import { type DrainOrders, drainOrdersOf, NO_DRAIN } from "../orders.ts";
import { readDrainFile, watchDrainFile } from "./drain-file.ts";

export interface DrainsOptions {
  readonly stateDir: string;
  /** These orders stand from now on; not called for orders that are the same as before. */
  readonly onOrders: (orders: DrainOrders) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Resolves once the orders of earlier are taken in, and later ones are followed. */
export async function followDrains({ stateDir, onOrders, log, signal }: DrainsOptions): Promise<void> {
  let current = NO_DRAIN;
  const take = async (): Promise<void> => {
    const text = await readDrainFile(stateDir);
    const orders = text === undefined ? NO_DRAIN : drainOrdersOf(text);
    // a host that is drained stays so while its order cannot be read
    if (orders === undefined) return log.warn("drain.json is damaged and was not taken in");
    if (JSON.stringify(orders) === JSON.stringify(current)) return;
    current = orders;
    onOrders(orders);
    log.info({ orders }, "drain orders changed");
  };
  const enqueue = createSerialQueue();
  const takeInTurn = () =>
    enqueue(take).catch((err: unknown) => log.warn({ err }, "drain orders were not read"));
  const onError = (err: unknown) => log.warn({ err }, "drain orders are not followed any more");
  watchDrainFile(stateDir, { onChange: takeInTurn, onError, signal });
  await takeInTurn();
}
