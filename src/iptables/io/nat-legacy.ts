/**
 * The nat table of iptables-legacy, whose changes nobody tells: it is looked at several times a second, and to start a
 * process each time would cost more than all the rest of the agent. So one process lists it, and stays.
 */
import { readFileSync } from "node:fs";
import { env } from "node:process";
import { execa } from "execa";
import type { Logger } from "pino";
import { boundToAgent } from "../../system/child-command.ts";
import { saveOfListing } from "../save-text.ts";
import type { BackendRead } from "../table-read.ts";
import { explainExit, failedRead, MAX_TABLE_BYTES, natProgramOptions, TOO_LARGE } from "../table-read.ts";

/** What is kept of the words of a process that may run for months. */
const MAX_COMPLAINT = 2_000;
/** A comment in the input comes back in the output, after the rules that were listed before it. */
const END = "# end of rules\n";
const END_BYTES = Buffer.from(END);

export interface LegacyOptions {
  readonly timeoutMs: number;
  readonly log: Logger;
  /** Its abort ends the process for good. */
  readonly signal: AbortSignal;
}

export interface LegacyTable {
  /** The rules as they are at the call or later; one call at a time. */
  list(): Promise<BackendRead>;
}

/** Starts nothing before the first call; a process that has ended is started again by the next one. */
export function openLegacyTable(options: LegacyOptions): LegacyTable {
  let lister: LegacyLister | undefined;
  return {
    list: async () => {
      if (lister === undefined || lister.hasEnded) {
        const unlisted = whyUnlisted();
        if (unlisted !== undefined) return unlisted;
        lister = new LegacyLister(options);
      }
      return lister.list();
    },
  };
}

/** To ask for a legacy table that does not exist makes one, for good: the kernel's list of them is read first. */
function whyUnlisted(): BackendRead | undefined {
  try {
    const names = readFileSync("/proc/net/ip_tables_names", "utf8"); // memory, no disk
    return names.split("\n").includes("nat") ? undefined : { kind: "absent" };
  } catch (error) {
    const reason = String(error instanceof Error && "code" in error ? error.code : error);
    if (reason === "ENOENT") return { kind: "absent" };
    return failedRead("iptables-unusable", `/proc/net/ip_tables_names: ${reason}`);
  }
}

/**
 * `iptables-legacy-restore`, the one iptables program that answers more than once: given `-S` for a rule, it lists the
 * table as the kernel has it then. `--test` and `--noflush` both keep it from ever writing.
 */
class LegacyLister {
  hasEnded = false;
  readonly #child;
  readonly #timeoutMs: number;
  readonly #log: Logger;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #answer = Promise.withResolvers<BackendRead>();
  #last: { readonly listing: Buffer; readonly read: BackendRead } | undefined;

  constructor({ timeoutMs, log, signal }: LegacyOptions) {
    this.#timeoutMs = timeoutMs;
    this.#log = log;
    const restore = ["--test", "--noflush", "--verbose"]; // verbose: comments come back
    this.#child = execa(...boundToAgent("KILL", "iptables-legacy-restore", restore), {
      ...natProgramOptions(env),
      buffer: false, // it runs for months
      cancelSignal: signal,
      encoding: "buffer",
      stdin: "pipe",
    });
    const { stdin, stdout, stderr } = this.#child;
    let complaint = "";
    stderr.on("data", (chunk: Buffer) => {
      complaint = `${complaint}${chunk}`.slice(-MAX_COMPLAINT);
    });
    stdin.on("error", () => undefined); // it has ended, which is noticed below
    stdout.on("data", (chunk: Buffer) => this.#take(chunk));
    void this.#child.then(({ exitCode, code = "" }) => {
      this.#finish(explainExit({ status: exitCode, complaint: complaint || code }));
    });
  }

  /** Waits for one answer at a time. Once the process has ended, the answer is why. */
  async list(): Promise<BackendRead> {
    this.#chunks = [];
    this.#bytes = 0;
    this.#answer = Promise.withResolvers();
    const lateAnswer = failedRead("timeout", `no listing within ${this.#timeoutMs} ms`);
    const timer = setTimeout(() => this.#finish(lateAnswer), this.#timeoutMs);
    this.#child.stdin.write(`*nat\n-S\n${END}COMMIT\n`);
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
    const isShort = chunk.length < END.length; // the last line may come in two
    const tail = isShort ? Buffer.concat(this.#chunks.slice(-2)) : chunk;
    if (!tail.subarray(-END.length).equals(END_BYTES)) return;
    const listing = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    // nearly always the same, and its bytes are compared in less time than they become text
    if (this.#last?.listing.equals(listing) !== true) {
      const text = listing.toString("utf8", 0, this.#bytes - END.length);
      this.#last = { listing, read: { kind: "table", text: saveOfListing(text) } };
    }
    this.#chunks = [];
    this.#answer.resolve(this.#last.read);
  }

  #finish(why: BackendRead): void {
    if (!this.hasEnded) this.#log.debug({ why }, "lister of iptables-legacy ended");
    this.hasEnded = true;
    this.#answer.resolve(why);
    this.#child.kill("SIGKILL");
  }
}
