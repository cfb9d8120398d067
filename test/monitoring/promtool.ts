/** Prometheus' own tool, which reads the rules and plays series to them. `test/setup.sh prometheus` unpacks it. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";

const ROOT = path.resolve(import.meta.dirname, "../..");
const PROGRAMS = path.join(ROOT, "node_modules/.cache/prometheus/usr/bin");
export const RULES = path.join(ROOT, "docs/operate/monitoring/alerts.yml");

/** The path of `promtool` or `prometheus`. @throws {Error} where it is not unpacked. */
export function prometheusProgram(name: "promtool" | "prometheus"): string {
  const file = path.join(PROGRAMS, name);
  if (!existsSync(file)) throw new Error(`${name} is missing: run sh test/setup.sh prometheus`);
  return file;
}

/** Runs promtool on a file with that text, beside the rules. @returns what it printed where it failed, else nothing. */
export async function promtool(args: readonly string[], name: string, text: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "promtool-"));
  try {
    const file = path.join(folder, name);
    await writeFile(file, text);
    const { failed, all } = await execa(prometheusProgram("promtool"), [...args, file], {
      all: true,
      reject: false,
      cwd: folder,
    });
    return failed ? all : "";
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  }
}
