/** Reads the version of the installed keepalived. */
import { env } from "node:process";
import { execa } from "execa";
import { bareEnvironment } from "../../system/child-command.ts";
import { parseKeepalivedVersion } from "../version.ts";

const TIMEOUT_MS = 5_000;

/** Undefined where keepalived does not print one. Never rejects. */
export async function readKeepalivedVersion(signal: AbortSignal): Promise<string | undefined> {
  const { all } = await execa("keepalived", ["--version"], {
    ...bareEnvironment(env),
    all: true,
    cancelSignal: signal,
    reject: false,
    stdin: "ignore",
    timeout: TIMEOUT_MS,
  });
  return parseKeepalivedVersion(all);
}
