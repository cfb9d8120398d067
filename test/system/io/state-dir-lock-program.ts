/** Locks the directory of its first argument, says so, and keeps the lock until it is killed. */
import pino from "pino";
import { lockStateDir } from "../../../src/system/io/state-dir-lock.ts";

const [, , directory = ""] = process.argv;
await lockStateDir(directory, pino({ enabled: false }));
process.send?.("locked");
setInterval(() => undefined, 60_000);
