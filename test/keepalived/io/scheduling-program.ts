/**
 * Starts keepalived as the agent does and prints what it says of the scheduling, as JSON. Run without SYS_NICE.
 *
 * Arguments: keepalived.conf, the folder of the pid files, the log of checks on reload.
 */
import { readFile } from "node:fs/promises";
import { argv, stdout } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { startKeepalived } from "../../../src/keepalived/io/daemon.ts";
import { createScheduling } from "../../../src/keepalived/io/scheduling.ts";
import type { SchedulingStatus } from "../../../src/keepalived/scheduling.ts";

const [, , conf = "", runDir = "", reloadCheckLog = ""] = argv;
const DEADLINE_MS = 10_000;

const logged: { level: number; msg: string }[] = [];
const log = pino({}, { write: (line: string) => logged.push(JSON.parse(line)) });
const statuses: SchedulingStatus[] = [];
const scheduling = createScheduling({ isWanted: true, onStatus: (status) => statuses.push(status), log });
const keepalived = await startKeepalived({
  conf,
  runDir,
  reloadCheckLog,
  wantsRealtime: true,
  log,
  onLine: (line) => {
    if (line.kind === "vrrp-process-started") void scheduling.apply(line.pid);
  },
  signal: new AbortController().signal,
});
const deadlineMs = performance.now() + DEADLINE_MS;
while (statuses.length === 0 && performance.now() < deadlineMs) await sleep(20);
const stat = await readFile(`/proc/${keepalived.pid}/stat`, "utf8");
const dumps = await keepalived.dump();
await keepalived.stop();
const warnings = logged.filter(({ msg }) => msg.includes("real-time")).map(({ msg }) => msg);
const policy = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[41 - 3];
stdout.write(
  JSON.stringify({ instances: dumps.map(({ instance }) => instance), policy, statuses, warnings }),
);
