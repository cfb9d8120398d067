/** How what a metadata version costs the agent's core grows: each size in processes of its own, by core-program.ts. */
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { IMAGE_ENV, IMAGE_FLAGS } from "../../e2e/lab/image-program.ts";
import type { CoreCost, Environment } from "./core-program.ts";
import type { Cost, Growth } from "./growth.ts";

const PROGRAM = fileURLToPath(new URL("./core-program.ts", import.meta.url));

interface Series {
  readonly name: string;
  readonly title: string;
  readonly unknown: string;
  readonly about: string;
  readonly sizes: readonly number[];
  readonly environmentOf: (size: number) => Environment;
}

const HOW =
  "The agent's own functions on documents with every field that Rancher has, in a process for each size, without input or output: the parsing of JSON, schemas, membership, what changed, the settings of each group, the text. CPU time of the process, the median of at least seven versions after as many that warm it up; with the image's settings of V8 and, beside it, with V8's own. The longest stretch is the longest part without input or output, while which the agent does nothing else. Memory is what the process grew by at most.";

const SERIES: readonly Series[] = [
  {
    name: "core-members",
    title: "Hosts that run the service",
    unknown: "hosts of the service",
    about:
      "All hosts run the service, one group. The agent refuses the document of 10,000: it is larger than 8 MiB.",
    sizes: [10, 100, 1_000, 4_000, 10_000],
    environmentOf: (members) => ({ members }),
  },
  {
    name: "core-hosts",
    title: "Hosts of the environment",
    unknown: "hosts of the environment",
    about:
      "20 hosts run the service: just enough for the list of all hosts to be read, where fewer are asked for one by one.",
    sizes: [30, 100, 1_000, 10_000],
    environmentOf: (hosts) => ({ members: 20, hosts }),
  },
  {
    name: "core-groups",
    title: "Groups",
    unknown: "groups",
    about:
      "Three hosts run the service; each group has a virtual IP and a VRID of its own, in the service's metadata.",
    sizes: [1, 10, 50, 250],
    environmentOf: (groups) => ({ members: 3, groups }),
  },
];

/** @param report is told of each size. */
export async function measureCore(report: (line: string) => void): Promise<Growth[]> {
  const growths: Growth[] = [];
  for (const series of SERIES) growths.push(await measure(series, report));
  return growths;
}

async function measure(series: Series, report: (line: string) => void): Promise<Growth> {
  const { name, sizes, environmentOf } = series;
  const rows: Row[] = [];
  for (const size of sizes) {
    const [image, plain] = [
      await costOf(environmentOf(size), IMAGE_FLAGS, IMAGE_ENV),
      await costOf(environmentOf(size), [], {}),
    ];
    rows.push({ size, image, plain });
    report(`${name} ${size}: ${JSON.stringify(image)}; V8's settings: ${plain.cpuMs.toFixed(2)} ms`);
  }
  return growthOf(series, rows);
}

interface Row {
  readonly size: number;
  readonly image: CoreCost;
  readonly plain: CoreCost;
}

function growthOf({ name, title, unknown, about }: Series, rows: readonly Row[]): Growth {
  const cost = (what: string, unit: string, of: (row: Row) => number): Cost => ({
    what,
    unit,
    points: rows.map((row) => ({ size: row.size, value: of(row) })),
  });
  const costs = [
    cost("CPU a version", "ms", ({ image }) => image.cpuMs),
    cost("with V8's own settings", "ms", ({ plain }) => plain.cpuMs),
    cost("longest stretch", "ms", ({ image }) => image.stretchMs),
    cost("memory", "MiB", ({ image }) => image.memoryMiB),
    cost("read a version", "KB", ({ image }) => image.bytes / 1_000),
    cost("keepalived.conf", "KB", ({ image }) => image.textBytes / 1_000),
  ];
  return { name, title, unknown, how: `${HOW} ${about}`, costs };
}

async function costOf(
  environment: Environment,
  flags: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CoreCost> {
  const { stdout } = await execa(process.execPath, [...flags, PROGRAM, JSON.stringify(environment)], { env });
  return JSON.parse(stdout) as CoreCost;
}
