/** What the machine must offer before a lab can be built on it. */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Debian's package of each program that the lab runs. */
const PROGRAMS = {
  ip: "iproute2",
  nsenter: "util-linux",
  unshare: "util-linux",
  setpriv: "util-linux",
  keepalived: "keepalived",
  perl: "perl-base",
  "iptables-nft-restore": "iptables",
  "iptables-legacy-restore": "iptables",
} as const satisfies Record<string, string>;

/** One sentence that says what is missing and what to do about it; undefined where a lab can be built. */
export function requirements(): string | undefined {
  if (process.platform !== "linux") return "The lab needs Linux: run it in a Linux virtual machine.";
  if (process.getuid?.() !== 0)
    return "The lab needs root to make network namespaces: run it with sudo or as root.";
  const missing = Object.entries(PROGRAMS).filter(([program]) => pathOf(program) === undefined);
  if (missing.length > 0) {
    const packages = [...new Set(missing.map(([, name]) => name))];
    return `The lab misses ${missing.map(([program]) => program).join(", ")}: apt-get install ${packages.join(" ")}.`;
  }
  if (spawnSync("unshare", ["--net", "--pid", "--fork", "--mount-proc", "true"]).status !== 0) {
    return "The lab may not make namespaces here: run it outside a container, or in one started with --privileged.";
  }
  return undefined;
}

/** Where a program lies on PATH, or undefined. */
export function pathOf(program: string): string | undefined {
  const { PATH = "" } = process.env;
  const candidates = PATH.split(delimiter).map((folder) => join(folder, program));
  return candidates.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
