/** The filter tables of iptables, which may keep adverts out: of both backends and both families. */
import { readFileSync } from "node:fs";
import { env } from "node:process";
import { execa } from "execa";
import { boundToAgent } from "../../system/child-command.ts";
import { doubtUncounted } from "../filter-walk.ts";
import type { BackendRead, FilterRead } from "../table-read.ts";
import { explainExit, failedRead, MAX_TABLE_BYTES, natProgramOptions, TOO_LARGE } from "../table-read.ts";

const TIMEOUT_MS = 5_000;

/** The kernel's list of legacy tables: to ask for one that does not exist makes it, for good. */
const LEGACY_NAMES = { ipv4: "/proc/net/ip_tables_names", ipv6: "/proc/net/ip6_tables_names" };
const PREFIX = { ipv4: "iptables", ipv6: "ip6tables" };

/** One process for each table that there is, one after the other: nothing waits for them. Never rejects. */
export async function readFilters(
  families: readonly FilterRead["family"][],
  signal: AbortSignal,
): Promise<FilterRead[]> {
  const reads: FilterRead[] = [];
  for (const family of families) {
    for (const backend of ["nft", "legacy"] as const) {
      const isThere = backend === "nft" || hasLegacyFilter(family);
      const program = `${PREFIX[family]}-${backend}-save`;
      const read: BackendRead = isThere ? await save(program, signal) : { kind: "absent" };
      const isDoubtful = backend === "nft" && read.kind === "table";
      reads.push({ family, backend, read: isDoubtful ? { ...read, text: doubtUncounted(read.text) } : read });
    }
  }
  return reads;
}

async function save(program: string, signal: AbortSignal): Promise<BackendRead> {
  const result = await execa(...boundToAgent("KILL", program, ["--counters", "-t", "filter"]), {
    ...natProgramOptions(env),
    cancelSignal: signal,
    maxBuffer: MAX_TABLE_BYTES,
    stdin: "ignore",
    timeout: TIMEOUT_MS,
  });
  if (result.timedOut) return failedRead("timeout", `no save within ${TIMEOUT_MS} ms`);
  if (result.isMaxBuffer) return TOO_LARGE;
  if (result.exitCode === 0) return { kind: "table", text: result.stdout };
  return explainExit({ status: result.exitCode, complaint: result.stderr || (result.code ?? "") });
}

function hasLegacyFilter(family: FilterRead["family"]): boolean {
  try {
    return readFileSync(LEGACY_NAMES[family], "utf8").split("\n").includes("filter");
  } catch {
    return false;
  }
}
