/** What happens to files that the agent reads and writes. No VIP may move for any of it. */
import { readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { type Fault, NOTHING_TO_UNDO, UNNOTICED } from "./fault.ts";
import { templateOf } from "./fleet.ts";

/** What a stranger leaves in the place of keepalived.conf: keepalived would take it for no instance at all. */
export const STRANGERS_CONF = "# a stranger was here\n";

export const FILE_FAULTS: readonly Fault[] = [
  {
    name: "conf-overwritten",
    areas: ["files", "keepalived"],
    lasts: [500, 4_000],
    allowance: () => UNNOTICED,
    strike: async ({ host }) => {
      const before = host.conf() ?? "";
      writeFileSync(host.confFile, STRANGERS_CONF);
      return async () => {
        // the agent may have put it right by itself, on the occasion of a change
        if (host.conf() === STRANGERS_CONF) writeFileSync(host.confFile, before);
      };
    },
  },
  {
    name: "template-touched",
    areas: ["files"],
    lasts: [0, 0],
    allowance: () => UNNOTICED,
    strike: async ({ host }) => {
      const now = new Date();
      utimesSync(templateOf(host), now, now);
      return NOTHING_TO_UNDO;
    },
  },
  {
    name: "template-edited",
    areas: ["files"],
    lasts: [500, 4_000],
    allowance: () => UNNOTICED,
    strike: async ({ host, durationMs }) =>
      edit(templateOf(host), (text) => `${text}\n# for ${durationMs} ms\n`),
  },
  {
    name: "template-broken",
    areas: ["files"],
    lasts: [500, 4_000],
    allowance: () => UNNOTICED,
    strike: async ({ host }) => edit(templateOf(host), (text) => text.slice(0, text.length / 2)),
  },
  {
    name: "disk-full",
    areas: ["files"],
    lasts: [1_000, 6_000],
    allowance: () => UNNOTICED,
    strike: async ({ host }) => {
      const filler = join(host.stateFolder, "filler");
      await execa("dd", ["if=/dev/zero", `of=${filler}`, "bs=4k"], { reject: false });
      return async () => rmSync(filler);
    },
  },
];

function edit(file: string, change: (text: string) => string): () => Promise<void> {
  const before = readFileSync(file, "utf8");
  writeFileSync(file, change(before));
  return async () => writeFileSync(file, before);
}
