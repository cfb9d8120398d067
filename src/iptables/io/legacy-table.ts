/**
 * Reads tables of iptables-legacy, again and again, at little cost.
 *
 * The kernel does not report changes of these tables. Where the program that polls them does not run, the nat table is read
 * several times a second. A process for each read would cost more than the rest of the agent, so one long-running process
 * lists the table at every read.
 */
import { readFileSync } from "node:fs";
import { env } from "node:process";
import { execa } from "execa";
import type { Logger } from "pino";
import type { Family } from "../../network/address.ts";
import { boundToAgent } from "../../system/child-command.ts";
import {
  explainExit,
  LEGACY_TABLE_NAMES,
  MAX_TABLE_BYTES,
  saveProgramOptions,
  TABLE_PROGRAMS,
  TOO_LARGE,
} from "../save-program.ts";
import { saveOfListing } from "../save-text.ts";
import type { TableName } from "../table.ts";
import type { TableRead } from "../table-read.ts";
import { failedRead } from "../table-read.ts";

/** Only the end of stderr is kept, because the process may run for months. */
const MAX_STDERR_CHARACTERS = 2_000;
/** The program prints a comment of its input again, after the rules that it listed before. */
const END = "# end of rules\n";
const END_BYTES = Buffer.from(END);

export interface LegacyTableOptions {
  readonly family: Family;
  readonly timeoutMs: number;
  readonly log: Logger;
  /** The process ends when it aborts, and is not started again. */
  readonly signal: AbortSignal;
}

export interface LegacyTables {
  /** The rules as they are at the call or later. One call at a time. Never rejects. */
  read(table: TableName): Promise<TableRead>;
}

/** The first read starts the process. If it ended, the next read starts it again. */
export function openLegacyTables(options: LegacyTableOptions): LegacyTables {
  let lister: LegacyLister | undefined;
  return {
    read: async (table) => {
      const missing = findMissingTable(options.family, table);
      if (missing !== undefined) return missing;
      if (lister === undefined || lister.hasEnded) lister = new LegacyLister(options);
      return lister.list(table);
    },
  };
}

/** The answer where the kernel does not list the table, else undefined. */
function findMissingTable(family: Family, table: TableName): TableRead | undefined {
  const list = LEGACY_TABLE_NAMES[family];
  try {
    const names = readFileSync(list, "utf8"); // not from disk
    return names.split("\n").includes(table) ? undefined : { kind: "absent" };
  } catch (error) {
    const reason = String(error instanceof Error && "code" in error ? error.code : error);
    if (reason === "ENOENT") return { kind: "absent" };
    return failedRead("iptables-unusable", `${list}: ${reason}`);
  }
}

/**
 * One process of `iptables-legacy-restore`, the only iptables program that answers more than once. Given `-S` instead of
 * a rule, it lists the table as the kernel has it at that moment. `--test` and `--noflush` both keep it from writing.
 */
class LegacyLister {
  hasEnded = false;
  readonly #child;
  readonly #previous = new Map<TableName, { readonly listing: Buffer; readonly read: TableRead }>();
  readonly #timeoutMs: number;
  readonly #log: Logger;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #answer = Promise.withResolvers<TableRead>();
  #table: TableName = "nat";

  constructor({ family, timeoutMs, log, signal }: LegacyTableOptions) {
    this.#timeoutMs = timeoutMs;
    this.#log = log;
    const restore = ["--test", "--noflush", "--verbose"]; // verbose prints comments again
    this.#child = execa(...boundToAgent("KILL", `${TABLE_PROGRAMS[family]}-legacy-restore`, restore), {
      ...saveProgramOptions(env),
      buffer: false, // it runs for months
      cancelSignal: signal,
      encoding: "buffer",
      stdin: "pipe",
    });
    const { stdin, stdout, stderr } = this.#child;
    let lastStderr = "";
    stderr.on("data", (chunk: Buffer) => {
      lastStderr = `${lastStderr}${chunk}`.slice(-MAX_STDERR_CHARACTERS);
    });
    stdin.on("error", () => undefined); // the process ended, which is handled below
    stdout.on("data", (chunk: Buffer) => this.#take(chunk));
    void this.#child.then(({ exitCode, code = "" }) => {
      this.#finish(explainExit({ status: exitCode, stderr: lastStderr || code }));
    });
  }

  /** One call at a time. Once the process has ended, the answer is the reason. */
  async list(table: TableName): Promise<TableRead> {
    this.#table = table;
    this.#chunks = [];
    this.#bytes = 0;
    this.#answer = Promise.withResolvers();
    const timedOut = failedRead("timeout", `no listing within ${this.#timeoutMs} ms`);
    const timer = setTimeout(() => this.#finish(timedOut), this.#timeoutMs);
    this.#child.stdin.write(`*${table}\n-S\n${END}COMMIT\n`);
    try {
      return await this.#answer.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_TABLE_BYTES) {
      this.#finish(TOO_LARGE);
      return;
    }
    const isShort = chunk.length < END.length; // the last line may come in two chunks
    const tail = isShort ? Buffer.concat(this.#chunks.slice(-2)) : chunk;
    if (!tail.subarray(-END.length).equals(END_BYTES)) return;
    const listing = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    // the listing is nearly always the same, and comparing its bytes is faster than decoding them
    const previous = this.#previous.get(this.#table);
    const isSame = previous?.listing.equals(listing) === true;
    const known = isSame ? previous : { listing, read: this.#readOf(listing) };
    this.#previous.set(this.#table, known);
    this.#chunks = [];
    this.#answer.resolve(known.read);
  }

  #readOf(listing: Buffer): TableRead {
    const text = listing.toString("utf8", 0, this.#bytes - END.length);
    return { kind: "table", text: saveOfListing(text, this.#table) };
  }

  #finish(why: TableRead): void {
    if (!this.hasEnded) this.#log.debug({ why }, "lister of iptables-legacy ended");
    this.hasEnded = true;
    this.#answer.resolve(why);
    this.#child.kill("SIGKILL");
  }
}
