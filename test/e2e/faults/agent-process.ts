/** The agent as the image starts it, in a lab, with a way to have its own process go wrong for real. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { sendSignal } from "../../fixtures/send-signal.ts";
import type { Agent } from "../lab/agent.ts";
import type { Host } from "../lab/host.ts";
import { imageProgram } from "../lab/image-program.ts";
import type { LabOptions } from "../lab/lab.ts";
import { BUILT_PROGRAM, standInMetadataServer } from "../lab/metadata.ts";
import { occupants } from "../lab/namespace.ts";
import { until } from "../lab/until.ts";

const ENTRYPOINT = fileURLToPath(new URL("../../../image/entrypoint.sh", import.meta.url));
const INFLICT = new URL("./inflict-program.ts", import.meta.url).href;

/** The options of a lab whose agents are started by the image's entrypoint. */
export const IMAGE_LIKE: Pick<LabOptions, "program" | "metadataServer"> = {
  program: ["sh", ENTRYPOINT],
  metadataServer: standInMetadataServer(BUILT_PROGRAM),
};

export type Inflicted = "exception" | "rejection" | "memory" | "block" | "clock";

/**
 * Starts the agent so that {@link inflict} works, in a lab that is {@link IMAGE_LIKE}.
 *
 * @param within a command that runs the agent with less than it has else: `prlimit --nofile=64`.
 */
export async function startFallible(
  host: Host,
  env: Readonly<Record<string, string>> = {},
  within: readonly string[] = [],
): Promise<Agent> {
  const folder = `${host.folder}/bin`;
  mkdirSync(folder, { recursive: true });
  const program = `${folder}/rancher-keepalived`;
  writeFileSync(program, `#!/bin/sh\nexec ${within.join(" ")} ${imageProgram().join(" ")} "$@"\n`);
  chmodSync(program, 0o755);
  return host.startAgent({
    PEER_REMOVAL_GRACE: "3",
    ...env,
    PATH: `${folder}:${process.env["PATH"]}`,
    NODE_OPTIONS: `--import ${INFLICT}`,
    FAULT_FILE: faultFile(host),
  });
}

/** Resolves when the agent's process has begun to do it. `ms`: how long it is blocked, how far its clock is set. */
export async function inflict(host: Host, kind: Inflicted, ms = 0): Promise<void> {
  const from = host.agent.logPosition;
  writeFileSync(faultFile(host), JSON.stringify({ kind, ms }));
  sendSignal(agentPid(host), "SIGUSR2");
  const { log } = host.agent.container;
  const hasBegun = (line: string) => line === `inflicted ${kind}` || undefined;
  await log.first(hasBegun, { from, timeoutMs: 120_000 });
}

/** Pid of the agent's own process on the host, as seen from outside. @throws {Error} where none runs. */
export function agentPid(host: Host): number {
  const [pid] = processesOf(host, (command) => /rancher-keepalived\.mjs\0run\0$/.test(command));
  if (pid === undefined) throw new Error(`no agent runs on ${host.name}`);
  return pid;
}

/** Resolves when no process of the agent's container is left. */
export async function untilEnded(host: Host): Promise<number | null> {
  const { code } = await host.agent.container.exited;
  const isKeepalived = (command: string) => command.startsWith("keepalived\0");
  await until(() => processesOf(host, isKeepalived).length === 0, 120_000, `${host.name} runs no keepalived`);
  return code;
}

function processesOf(host: Host, isIt: (command: string) => boolean): number[] {
  return occupants([host.namespace]).filter((pid) => {
    try {
      return isIt(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
    } catch {
      return false; // it has ended
    }
  });
}

function faultFile(host: Host): string {
  return `${host.folder}/fault.json`;
}
