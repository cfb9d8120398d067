/** An agent whose container got a network of its own, on docker0 of a host, instead of the host's. */
import { mkdirSync, writeFileSync } from "node:fs";
import { execa } from "execa";
import { onTestFinished } from "vitest";
import type { StatusProblem } from "../../../src/status/status.ts";
import type { Host } from "../lab/host.ts";
import { uuidOf } from "../lab/lab-ids.ts";
import { BUILT_PROGRAM } from "../lab/metadata.ts";
import { StatusReader } from "../lab/status-reader.ts";
import { VIP } from "../scenario.ts";

const DOCKER_ID = "ab".repeat(32);

export interface StrayAgent {
  /** What it says is wrong with its configuration. */
  problem(): Promise<StatusProblem | undefined>;
  end(): Promise<void>;
}

/** Starts one that would win every election. */
export async function startStray(host: Host, env: Readonly<Record<string, string>>): Promise<StrayAgent> {
  const folder = `${host.folder}/containers/${DOCKER_ID}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/hostname`, `${DOCKER_ID.slice(0, 12)}\n`);
  const inside = ["netns", "exec", host.containerNamespace];
  const mount = `mount -n --bind ${folder}/hostname /etc/hostname; exec "$@"`;
  const stop = new AbortController();
  const agent = execa(
    "ip",
    [...inside, "unshare", "--mount", "sh", "-ec", mount, "sh", ...BUILT_PROGRAM, "run"],
    {
      cancelSignal: stop.signal,
      env: {
        VIRTUAL_IP: VIP,
        PRIORITY: "254",
        PREEMPT: "true",
        HOST_UUID: uuidOf(`host ${host.name}`),
        KEEPALIVED_CONF: `${folder}/keepalived.conf`,
        STATE_DIR: `${folder}/state`,
        ...env,
      },
      reject: false,
    },
  );
  const reader = new StatusReader(host.containerNamespace, () => undefined);
  const end = async () => {
    stop.abort();
    await Promise.all([agent, reader.close()]);
  };
  onTestFinished(end);
  return {
    async problem() {
      const status = await reader.read();
      return status?.problems.find(({ part }) => part === "configuration");
    },
    end,
  };
}
