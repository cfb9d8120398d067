/** What remains of a run in which something broke: the whole timeline, and each host's files. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fleet } from "./fleet.ts";

/** @returns the folder. */
export function keepLogs(fleet: Fleet, timeline: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "rancher-keepalived-soak-"));
  writeFileSync(join(folder, "timeline.log"), `${timeline.join("\n")}\n`);
  for (const host of fleet.lab.hosts) {
    const own = join(folder, host.name);
    mkdirSync(own);
    const files = ["journal.jsonl", "journal.older.jsonl", "last-good.json", "applied.json"];
    const sources = [host.confFile, ...files.map((name) => join(host.stateFolder, name))];
    for (const source of sources) {
      if (existsSync(source)) cpSync(source, join(own, source.split("/").at(-1) ?? "file"));
    }
  }
  return folder;
}
