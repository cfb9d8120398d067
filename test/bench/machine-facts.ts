/** The machine that figures come from, as far as they depend on it. */
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { run } from "../e2e/lab/command.ts";

export interface MachineFacts {
  readonly measuredAt: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly kernel: string;
  readonly distribution: string;
  readonly node: string;
  readonly keepalived: string;
  /** Processes that wanted a core, on average over the minute before: about 0 on a machine that does nothing else. */
  readonly loadBefore: number;
}

export async function readMachineFacts(): Promise<MachineFacts> {
  const [processor] = cpus();
  const osRelease = readFileSync("/etc/os-release", "utf8");
  return {
    measuredAt: new Date().toISOString(),
    processor: processor?.model ?? "unknown",
    cores: cpus().length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    distribution: /^PRETTY_NAME="?(.*?)"?$/m.exec(osRelease)?.[1] ?? "unknown",
    node: process.version,
    keepalived: await keepalivedVersion(),
    loadBefore: loadavg()[0] ?? Number.NaN,
  };
}

/** keepalived tells its version on stderr. */
async function keepalivedVersion(): Promise<string> {
  const told = await run(["sh", "-c", "keepalived --version 2>&1"]);
  return /v(\d+\.\d+\.\d+)/.exec(told)?.[1] ?? "unknown";
}
