/** A long-running process, most often inside a namespace of the lab. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { inNamespace } from "./command.ts";
import { LineLog } from "./line-log.ts";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  /** The caller's own when absent. */
  readonly namespace?: string;
  /** For error messages, e.g. "the metadata service of h1". */
  readonly name: string;
  readonly command: readonly string[];
  /** Added to PATH and TZ=UTC; nothing else of the caller's environment is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (text: string) => void;
  /** Whether `write` is used. */
  readonly hasInput?: boolean;
}

export class Child {
  readonly name: string;
  /** Of the command itself: nsenter and setpriv become it without a fork. */
  readonly pid: number;
  /** Settles when the process has ended and its last line has arrived. */
  readonly exited: Promise<Exit>;
  readonly log: LineLog;
  readonly #process: ChildProcess;

  constructor(options: ChildOptions) {
    const { namespace, name, command, env = {}, onLine, hasInput = false } = options;
    // The kernel ends the process with its creator, should the creator be killed before it can clean up.
    const bound = ["setpriv", "--pdeathsig", "KILL", "--", ...command];
    const [file = "", ...args] = inNamespace(bound, namespace);
    const { PATH = "" } = process.env;
    const child = spawn(file, args, {
      env: { PATH, TZ: "UTC", ...env },
      stdio: [hasInput ? "pipe" : "ignore", "pipe", "pipe"],
    });
    child.stdin?.on("error", () => undefined); // it has ended: its exit tells
    if (child.pid === undefined) throw new Error(`cannot start ${name}: is ${file} installed?`);
    this.#process = child;
    this.name = name;
    this.pid = child.pid;
    this.log = new LineLog(name);
    if (child.stdout !== null) this.log.follow(child.stdout, onLine);
    if (child.stderr !== null) this.log.follow(child.stderr);
    this.exited = once(child, "close").then(() => {
      this.log.end();
      return { code: child.exitCode, signal: child.signalCode };
    });
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Text for its standard input; one that has ended does not get it. */
  write(text: string): void {
    this.#process.stdin?.write(text);
  }

  /** Sends the signal and waits for the end; a process that has ended already is no error. */
  async end(signal: NodeJS.Signals): Promise<Exit> {
    if (this.isRunning) this.#process.kill(signal);
    return this.exited;
  }
}
