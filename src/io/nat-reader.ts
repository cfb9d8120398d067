/**
 * The nat tables of this host, read often and at little cost.
 *
 * A host is looked at several times a second, and to start a process each time would cost more than all the rest of the
 * agent. Legacy, whose changes nobody tells, is listed by one process that stays. nft is saved by a process of its own
 * each time, and seldom: the kernel tells its changes.
 */
import { readFileSync } from "node:fs";
import { env } from "node:process";
import { execa } from "execa";
import type { Logger } from "pino";
import { bareEnvironment, boundToAgent } from "../core/child-command.ts";
import type { BackendRead, ReadFailure } from "../core/host-verdict.ts";
import { explainExit } from "../core/nat-exit.ts";
import {
  type Backend,
  isNftDue,
  keepUnchanged,
  type NatChanges,
  type NatReads,
  saveOfListing,
  withoutMoment,
} from "../core/nat-reading.ts";

/** 150,000 rules. */
const MAX_BYTES = 16 * 1024 * 1024;
/** What is kept of the words of a process that may run for months. */
const MAX_COMPLAINT = 2_000;
/** A comment in the input comes back in the output, after the rules that were listed before it. */
const END = "# end of rules\n";
const ABSENT: BackendRead = { kind: "absent" };
const TOO_LARGE = failure("iptables-unusable", "the table is larger than 16 MiB");
const UNHEARD: NatChanges = { isListening: false, changedAtMs: Number.NEGATIVE_INFINITY };

export interface NatReader {
  /**
   * The rules of legacy as they are at the call or later; those of nft may be the last reading, where `isNftDue` says
   * that it will do. A table that did not change is the same object. Calls that come while a read waits for its turn
   * share it. Never rejects; takes as long as two time-outs at most.
   */
  read(): Promise<NatReads>;
}

export interface NatReaderOptions {
  /** A backend that is not to be looked at reads as `absent`. */
  readonly backend: "auto" | Backend;
  /** For each backend. */
  readonly timeoutMs: number;
  /** Without it nothing is known of changes of nft's rules, and they are read much more often. */
  readonly changes?: NatChanges;
  readonly log: Logger;
  /** Its abort ends all processes for good. */
  readonly signal: AbortSignal;
}

export function openNatReader(options: NatReaderOptions): NatReader {
  const { backend, changes = UNHEARD } = options;
  let reads: NatReads = { nft: ABSENT, legacy: ABSENT };
  let nftReadAtMs = Number.NEGATIVE_INFINITY;
  let lister: LegacyLister | undefined;

  const readLegacy = async (): Promise<BackendRead> => {
    if (lister === undefined || lister.hasEnded) {
      const unlisted = whyUnlisted();
      if (unlisted !== undefined) return unlisted;
      lister = new LegacyLister(options);
    }
    return lister.list();
  };
  const readNow = async (): Promise<NatReads> => {
    if (backend !== "nft") reads = { ...reads, legacy: keepUnchanged(reads.legacy, await readLegacy()) };
    const nowMs = performance.now();
    if (backend !== "legacy" && isNftDue(reads, changes, { readAtMs: nftReadAtMs, nowMs })) {
      nftReadAtMs = nowMs;
      reads = { ...reads, nft: keepUnchanged(reads.nft, await saveNft(options)) };
    }
    return reads;
  };

  let last: Promise<unknown> = Promise.resolve();
  let upcoming: Promise<NatReads> | undefined;
  return {
    read: () => {
      upcoming ??= last.then(() => {
        upcoming = undefined;
        return readNow();
      });
      last = upcoming;
      return upcoming;
    },
  };
}

/** To ask for a legacy table that does not exist makes one, for good: the kernel's list of them is read first. */
function whyUnlisted(): BackendRead | undefined {
  try {
    const names = readFileSync("/proc/net/ip_tables_names", "utf8"); // memory, no disk
    return names.split("\n").includes("nat") ? undefined : ABSENT;
  } catch (error) {
    const reason = String(error instanceof Error && "code" in error ? error.code : error);
    return reason === "ENOENT"
      ? ABSENT
      : failure("iptables-unusable", `/proc/net/ip_tables_names: ${reason}`);
  }
}

async function saveNft({ timeoutMs, signal }: NatReaderOptions): Promise<BackendRead> {
  const result = await execa(...boundToAgent("KILL", "iptables-nft-save", ["-t", "nat"]), {
    ...common(signal),
    maxBuffer: MAX_BYTES,
    stdin: "ignore",
    stripFinalNewline: false,
    timeout: timeoutMs,
  });
  if (result.timedOut) return failure("timeout", `no save within ${timeoutMs} ms`);
  if (result.isMaxBuffer) return TOO_LARGE;
  if (result.exitCode === 0) return { kind: "table", text: withoutMoment(result.stdout) };
  const complaint = result.stderr || (result.code ?? "");
  return explainExit({ status: result.exitCode, complaint });
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

  constructor({ timeoutMs, log, signal }: NatReaderOptions) {
    this.#timeoutMs = timeoutMs;
    this.#log = log;
    const restore = ["--test", "--noflush", "--verbose"]; // verbose: comments come back
    this.#child = execa(...boundToAgent("KILL", "iptables-legacy-restore", restore), {
      ...common(signal),
      buffer: false, // it runs for months
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
    const lateAnswer = failure("timeout", `no listing within ${this.#timeoutMs} ms`);
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
    if (this.#bytes > MAX_BYTES) this.#finish(TOO_LARGE);
    const tail = Buffer.concat(this.#chunks.slice(-2)); // the last line may come in two
    if (!tail.subarray(-END.length).equals(Buffer.from(END))) return;
    const listing = Buffer.concat(this.#chunks).toString("utf8", 0, this.#bytes - END.length);
    this.#answer.resolve({ kind: "table", text: saveOfListing(listing) });
  }

  #finish(why: BackendRead): void {
    if (!this.hasEnded) this.#log.debug({ why }, "lister of iptables-legacy ended");
    this.hasEnded = true;
    this.#answer.resolve(why);
    this.#child.kill("SIGKILL");
  }
}

/** Options of every process: English words, no lock shared with those who write rules, nothing of the agent's secrets. */
function common(signal: AbortSignal) {
  return {
    ...bareEnvironment(env, { XTABLES_LOCKFILE: "/proc/self/comm" }),
    cancelSignal: signal,
    killSignal: "SIGKILL",
    reject: false,
  } as const;
}

function failure(reason: ReadFailure, detail: string): BackendRead {
  return { kind: "error", reason, detail };
}
