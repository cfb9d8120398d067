/**
 * Runs a short program to its end, and collects what it prints. For what is read again and again: here a start costs
 * the agent half the CPU time of a start by execa.
 *
 * It is killed by SIGKILL at the time-out, at the abort, and when it prints too much. It has ended when the result is there.
 */
import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";

export interface ProgramOptions {
  /** The whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Its standard input, which is empty without this. */
  readonly input?: string;
  readonly timeoutMs: number;
  /** The limit of its output, and of its error output. */
  readonly maxBytes: number;
  /** Nothing is started once it has aborted. */
  readonly signal?: AbortSignal;
}

export interface ProgramResult {
  /** Undefined where a signal ended it, or where it was not started. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it was killed here. */
  readonly killedBy: KillReason | undefined;
  /** Node's code where it could not be started: `ENOENT`. */
  readonly code: string | undefined;
}

type KillReason = "timeout" | "abort" | "size";

/** Never rejects. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  const { signal } = options;
  if (signal?.aborted) return Promise.resolve({ ...NOT_STARTED, killedBy: "abort" });
  let child: ChildProcess;
  try {
    child = start(program, args, options);
  } catch (error) {
    return Promise.resolve({ ...NOT_STARTED, code: codeOf(error) });
  }
  return new Promise((resolve) => {
    let killedBy: KillReason | undefined;
    const kill = (reason: KillReason) => {
      killedBy ??= reason;
      child.kill("SIGKILL");
      // a process that it left behind may hold them open
      for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    };
    const outputs = [child.stdout, child.stderr].map((stream) =>
      collect(stream, options.maxBytes, () => kill("size")),
    );
    const timer = setTimeout(kill, options.timeoutMs, "timeout");
    const onAbort = () => kill("abort");
    signal?.addEventListener("abort", onAbort, { once: true });
    const end = (how: Pick<ProgramResult, "exitCode" | "code">) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      const [stdout = "", stderr = ""] = outputs.map((read) => read());
      resolve({ ...how, stdout, stderr, killedBy });
    };
    child.on("close", (exitCode: number | null) => end({ exitCode: exitCode ?? undefined, code: undefined }));
    child.on("error", (error) => {
      if (child.pid === undefined) end({ exitCode: undefined, code: codeOf(error) });
    });
  });
}

const NOT_STARTED: ProgramResult = {
  exitCode: undefined,
  stdout: "",
  stderr: "",
  killedBy: undefined,
  code: undefined,
};

function start(program: string, args: readonly string[], { env, input }: ProgramOptions): ChildProcess {
  const child = spawn(program, args, {
    env,
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  child.stdin?.on("error", () => undefined); // it ended without reading all, which its exit tells
  child.stdin?.end(input);
  return child;
}

/** @returns what was printed so far. */
function collect(stream: Readable | null, maxBytes: number, onTooMuch: () => void): () => string {
  const pieces: Buffer[] = [];
  let bytes = 0;
  stream?.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > maxBytes) onTooMuch();
    else pieces.push(piece);
  });
  return () => Buffer.concat(pieces).toString();
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
