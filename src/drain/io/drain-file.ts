/**
 * STATE_DIR/drain.json, by which the command `drain` reaches the agent. Only those who may write to STATE_DIR can order a
 * drain, and the order outlives the agent.
 */
import { access, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { AgentError, ERRORS } from "../../errors.ts";
import { errorCode } from "../../system/error-code.ts";
import { replaceFile, syncDirectory } from "../../system/io/replace-file.ts";
import { type FileWatch, watchFileByDirectory } from "../../system/io/watch-file.ts";
import { printableJson } from "../../text/escape.ts";
import { type DrainOrders, drainOrdersOf, hasNoOrder, NO_DRAIN } from "../orders.ts";

const FREE_SPACE =
  "Free space on the disk of STATE_DIR (`df -h`, `df -i`). On a full disk, `undrain` without a group works: it withdraws all orders.";
const ORDER_AGAIN =
  "Run `undrain` on this host if nothing of it should be drained. Otherwise `drain` the groups again. Until then the orders that were read before stay in force; at a start all groups are drained.";
const BE_ROOT = "Run this command in the agent's container, as root. It writes to the agent's STATE_DIR.";

/** The operator's next step, by the code of the system's error. Any other error has the usual hint. */
const HINTS: ReadonlyMap<unknown, string> = new Map([
  ["ENOSPC", FREE_SPACE],
  ["EDQUOT", FREE_SPACE],
  ["EROFS", "Make the disk of STATE_DIR writable. Until then neither `drain` nor `undrain` has an effect."],
  ["EACCES", BE_ROOT],
  ["EPERM", BE_ROOT],
  ["ENOENT", BE_ROOT],
  ["ENOTDIR", BE_ROOT],
]);

/** The orders in the file, none if there is no file; STATE_UNREADABLE where it says nothing. Never rejects. */
export async function readDrainOrders(stateDir: string): Promise<DrainOrders | AgentError> {
  const file = fileIn(stateDir);
  const unreadable = (what: string, cause?: unknown) =>
    new AgentError("STATE_UNREADABLE", `${file} ${what}`, { hint: ORDER_AGAIN, cause });
  try {
    return drainOrdersOf(await readFile(file, "utf8")) ?? unreadable("is damaged");
  } catch (cause) {
    return errorCode(cause) === "ENOENT" ? NO_DRAIN : unreadable("cannot be read", cause);
  }
}

/**
 * Replaces the file atomically. Without an order it removes the file: that needs no space on the disk.
 *
 * @throws {AgentError} CONF_UNWRITABLE, also if STATE_DIR does not exist.
 */
export async function replaceDrainFile(stateDir: string, orders: DrainOrders): Promise<void> {
  const file = fileIn(stateDir);
  try {
    if (hasNoOrder(orders)) await removeFile(file);
    else await replaceFile(file, `${printableJson(orders)}\n`, { mode: 0o600, isSynced: true });
    // a loss of power must not bring a drain back or end it; the order holds also on a file system that cannot do this
    await syncDirectory(path.dirname(file)).catch(() => undefined);
  } catch (cause) {
    throw new AgentError("CONF_UNWRITABLE", `${file} cannot be written`, {
      hint: HINTS.get(errorCode(cause)) ?? ERRORS.CONF_UNWRITABLE,
      cause,
    });
  }
}

async function removeFile(file: string): Promise<void> {
  await access(path.dirname(file));
  await rm(file, { force: true });
}

/** Watches the file, also for its removal, until the signal aborts. The agent writes to STATE_DIR at each reload. */
export function watchDrainFile(stateDir: string, options: FileWatch): void {
  watchFileByDirectory(fileIn(stateDir), options);
}

function fileIn(stateDir: string): string {
  return path.join(stateDir, "drain.json");
}
