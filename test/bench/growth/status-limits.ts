/** What the command `status` costs with many groups, beside what its process needs before it asks the agent. */

import { statusOf } from "../../e2e/lab/ask.ts";
import type { Host } from "../../e2e/lab/host.ts";
import { IMAGE_COMMAND_FLAGS, IMAGE_ENV, imageScript } from "../../e2e/lab/image-program.ts";
import { createLab } from "../../e2e/lab/lab.ts";
import { BUILT_PROGRAM, standInMetadataServer } from "../../e2e/lab/metadata.ts";
import { setServiceMetadata } from "../../e2e/lab/metadata-changes.ts";
import { until } from "../../e2e/lab/until.ts";
import { formatValue } from "../format.ts";
import { summarize } from "../statistics.ts";
import type { Limit } from "./limits-table.ts";

const SIZES = [1, 50, 250];
const ROUNDS = 9;
const PATIENCE_MS = 120_000;
/** Prints the CPU seconds of a command and its children, user and system. */
const TIMED = 'TIMEFORMAT="%3U %3S"; { time "$@" >/dev/null 2>&1; } 2>&1; true';
const [NODE = ""] = BUILT_PROGRAM;

/** @param report is told of each size. */
export async function measureStatus(report: (line: string) => void): Promise<Limit> {
  const program = ["sh", "-c", imageScript(), "rancher-keepalived"];
  const lab = await createLab({ hosts: 1, program, metadataServer: standInMetadataServer(BUILT_PROGRAM) });
  const rows: string[][] = [];
  try {
    const [host] = lab.hosts as [Host];
    for (const size of SIZES) {
      const instances = Array.from({ length: size }, (_, index) => [
        `group-${index + 1}`,
        { virtual_ip: `10.0.0.${index + 1}`, vrid: index + 1 },
      ]);
      const metadata = { instances: Object.fromEntries(instances) };
      lab.metadata.publish((document) => setServiceMetadata(document, metadata));
      await host.startAgent({ VIRTUAL_IP: undefined, LOG_LEVEL: "info" });
      const isOwner = async () => {
        const status = await statusOf(host);
        return status?.instances.length === size && status.instances.every(({ state }) => state === "MASTER");
      };
      await until(isOwner, PATIENCE_MS, `${size} groups are owned`);
      rows.push(await measure(host, size, report));
      await host.stopAgent();
    }
  } finally {
    await lab.destroy();
  }
  return {
    title: "The command `status`",
    how: `One host owns all groups. Each command is a process of its own in the agent's container, by the image's own script, as the health check starts it. CPU time of it and of its children, the median of ${ROUNDS} rounds in which the commands take turns: a bare Node that ends at once, \`version\`, which loads the command line and asks nobody, \`status\`, and \`status\` without the compiled functions that the image brings.`,
    head: [
      "groups",
      "bare Node, ms",
      "`version`, ms",
      "`status`, ms",
      "`status`, without them, ms",
      "`status --json`, ms",
      "the agent's answer, KB",
    ],
    rows,
  };
}

async function measure(host: Host, size: number, report: (line: string) => void): Promise<string[]> {
  const program = ["sh", "-c", imageScript(), "rancher-keepalived"];
  const commands = [
    ["env", ...assignments(IMAGE_ENV), NODE, ...IMAGE_COMMAND_FLAGS, "-e", "0"],
    [...program, "version"],
    [...program, "status"],
    ["env", "NODE_DISABLE_COMPILE_CACHE=1", ...program, "status"],
    [...program, "status", "--json"],
  ];
  const { container } = host.agent;
  const times: number[][] = commands.map(() => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, command] of commands.entries()) {
      // bash, whose `time` counts milliseconds. The exit status is 1 where the host is not well
      const spent = await container.run(["bash", "-c", TIMED, "bash", ...command]);
      times[index]!.push(1_000 * spent.split(" ").reduce((sum, seconds) => sum + Number(seconds), 0));
    }
  }
  const medians = times.map((each) => summarize(each).median);
  const bytes = JSON.stringify(await statusOf(host)).length;
  report(`status of ${size}: ${medians.map(formatValue).join(" ")} ms, ${bytes} bytes`);
  return [String(size), ...medians.map(formatValue), formatValue(bytes / 1_000)];
}

function assignments(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}
