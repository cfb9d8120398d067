/**
 * What an agent holds in memory while metadata changes all the time, under several settings of V8 and malloc side by
 * side: a host of the lab for each, all with the same metadata of some hundred containers.
 *
 * `npm run bench:memory [MINUTES]`, as root. Figures of the node process alone, whose binary is a copy that nobody
 * shares: proportional set size (PSS) in MB, in brackets its anonymous part, and CPU time so far.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../e2e/lab/host.ts";
import { createLab, type Lab } from "../e2e/lab/lab.ts";
import { hexOf, uuidOf } from "../e2e/lab/lab-ids.ts";
import { BUILT_PROGRAM } from "../e2e/lab/metadata.ts";
import { addContainer } from "../e2e/lab/metadata-changes.ts";
import { SERVICE_NAME, STACK_NAME } from "../e2e/lab/metadata-document.ts";
import { DEFAULT_VIP } from "../e2e/lab/topology.ts";

interface Way {
  readonly name: string;
  readonly flags: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const SMALL = ["--max-semi-space-size=1", "--max-old-space-size=64"];
const ONE_ARENA = { MALLOC_ARENA_MAX: "1" };
/** The third one is the image's, in image/rancher-keepalived.sh. */
const WAYS: readonly Way[] = [
  { name: "no flags", flags: [] },
  { name: "small heap", flags: SMALL },
  { name: "small heap, 1 arena", flags: SMALL, env: ONE_ARENA },
  { name: "the same, for size", flags: [...SMALL, "--optimize-for-size"], env: ONE_ARENA },
];
const OTHER_CONTAINERS = 300;
const CHANGE_MS = 500;
const SAMPLE_MS = 15_000;

const minutes = Number(process.argv[2] ?? 10);
const folder = mkdtempSync(join(tmpdir(), "memory-bench-"));
const lab = await createLab({ hosts: WAYS.length });
try {
  lab.metadata.publish(({ containers, hosts }) => {
    for (let index = 0; index < OTHER_CONTAINERS; index += 1) {
      const name = `web-app-${index}`;
      const own = addContainer(
        { ...lab.metadata.document, containers: [] },
        hosts[index % hosts.length]!.name,
      );
      containers.push({
        ...own,
        name,
        uuid: uuidOf(name),
        external_id: hexOf(name),
        stack_name: "web",
        service_name: "app",
      });
    }
  });
  for (const { name } of lab.hosts) copyFileSync(BUILT_PROGRAM[0]!, nodeOf(name));
  const pids = await Promise.all(WAYS.map((way, index) => start(way, lab.hosts[index]!)));
  report("minute", ...WAYS.map(({ name }) => name));
  await follow(lab, pids);
} finally {
  await lab.destroy();
  rmSync(folder, { recursive: true });
}

function nodeOf(hostName: string): string {
  return join(folder, `node-${hostName}`);
}

async function start({ flags, env }: Way, host: Host): Promise<number> {
  const settings = {
    VIRTUAL_IP: DEFAULT_VIP,
    STACK_NAME,
    SERVICE_NAME,
    CHECK_PORT: "80",
    KEEPALIVED_CONF: host.confFile,
    STATE_DIR: host.stateFolder,
  };
  const container = await host.startContainer([nodeOf(host.name), ...flags, BUILT_PROGRAM[1]!, "run"], {
    ...settings,
    ...env,
  });
  await container.log.first((line) => (line.includes("configuration applied") ? true : undefined), {
    timeoutMs: 60_000,
  });
  const [own] = readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, "utf8").split(" ");
  return Number(own);
}

async function follow({ metadata }: Lab, pids: readonly number[]): Promise<void> {
  const endMs = performance.now() + minutes * 60_000;
  const startMs = performance.now();
  let nextSampleMs = startMs;
  for (let change = 0; performance.now() < endMs; change += 1) {
    metadata.publish(({ containers }) => {
      const container = containers[change % containers.length]!;
      container.labels["change"] = String(change);
    });
    if (performance.now() >= nextSampleMs) {
      report(((performance.now() - startMs) / 60_000).toFixed(1), ...pids.map(memoryOf));
      nextSampleMs += SAMPLE_MS;
    }
    await sleep(CHANGE_MS);
  }
}

/** `PSS (anonymous part) CPU time` of a process. */
function memoryOf(pid: number): string {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const megabytes = (field: string) =>
    (Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(rollup)?.[1]) / 1_024).toFixed(1);
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ").map(Number);
  return `${megabytes("Pss")} (${megabytes("Pss_Anon")}) ${((stat[11]! + stat[12]!) / 100).toFixed(1)} s`;
}

function report(...cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell) => cell.padEnd(24)).join("")}\n`);
}
