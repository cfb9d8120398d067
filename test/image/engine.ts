/**
 * A Docker Engine of the test's own, on this machine or in a network namespace, where `--network host` then is that
 * namespace: one engine a host. It sets up no bridge and no rule, and lives in mount and pid namespaces of its own, so
 * that the kernel ends its containers and mounts with its first process.
 */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { Child } from "../e2e/lab/child.ts";
import { guardExit } from "../e2e/lab/exit-guard.ts";
import { until } from "../e2e/lab/until.ts";

/** Of the engine's own package: another client on PATH may not drive its BuildKit. */
export const CLIENT = "/usr/bin/docker";
const CGROUPS = "/sys/fs/cgroup";
/**
 * Arguments: the engine's folder and its name. Containers get no more open files than this process may give. A docker0
 * that is there belongs to somebody else: without `--bridge docker0`, the engine would delete it.
 */
const START = `
files=$(ulimit -Hn)
if [ "$files" = unlimited ]; then files=65536; fi
bridge=none
if ip link show docker0 >/dev/null 2>&1; then bridge=docker0; fi
exec unshare --mount --pid --fork --kill-child --mount-proc -- tini -s -- dockerd \\
  --host "unix://$1/docker.sock" --data-root "$1/data" --exec-root "$1/run" --pidfile "$1/dockerd.pid" \\
  --bridge "$bridge" --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \\
  --storage-driver overlay2 --cgroup-parent "/$2" --default-ulimit "nofile=$files:$files"
`;

export interface EngineOptions {
  /** Begins with a lab's name (namespace.ts): should this process be killed, the next lab removes the folder. */
  readonly name: string;
  /** This machine's own network when absent. */
  readonly namespace?: string;
}

export class Engine {
  readonly folder: string;
  /** For its client. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #name: string;
  readonly #daemon: Child;
  readonly #releaseExit: () => void;

  private constructor({ name, ...place }: EngineOptions) {
    this.#name = name;
    this.folder = join(tmpdir(), name);
    mkdirSync(this.folder);
    this.environment = { DOCKER_HOST: `unix://${this.folder}/docker.sock`, DOCKER_BUILDKIT: "1" };
    const command = ["sh", "-c", START, "sh", this.folder, name];
    this.#daemon = new Child({ ...place, name: `the Docker Engine ${name}`, command });
    this.#releaseExit = guardExit(() => this.#dispose());
  }

  /** Resolves once it answers. @throws {Error} with its last lines, when it does not. */
  static async start(options: EngineOptions): Promise<Engine> {
    const engine = new Engine(options);
    try {
      await until(() => engine.#answers(), 60_000, "it answers");
      return engine;
    } catch (cause) {
      await engine.end();
      throw new Error(`${options.name} did not start; ${engine.#daemon.log.tail()}`, { cause });
    }
  }

  /** Standard output of `docker ARGS`. @throws {ExecaError} with the command line and its stderr. */
  async docker(args: readonly string[], timeoutMs = 60_000): Promise<string> {
    return runProgram(CLIENT, args, { env: this.environment, timeout: timeoutMs });
  }

  /** Runs a command among the engine's processes, where `State.Pid` of `docker inspect` means something. */
  async runBeside(command: readonly string[]): Promise<void> {
    const { pid } = this.#daemon;
    const [init = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    await runProgram("nsenter", ["--target", init, "--pid", "--", ...command], {});
  }

  /** Ends the engine with all its containers, and removes its files. May be called again. */
  async end(): Promise<void> {
    this.#releaseExit();
    await this.#daemon.end("SIGKILL");
    this.#dispose();
  }

  async #answers(): Promise<boolean> {
    if (!this.#daemon.isRunning) throw new Error("it has ended");
    return this.docker(["version"]).then(
      () => true,
      () => false,
    );
  }

  /** Synchronous, so that it can be the last thing that the process does. */
  #dispose(): void {
    if (this.#daemon.isRunning) process.kill(this.#daemon.pid, "SIGKILL");
    // a container that is about to end may still make a file
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    for (const controller of readdirSync(CGROUPS)) removeCgroup(join(CGROUPS, controller, this.#name));
  }
}

/** Without execa's clean-up: exit-guard.ts is what handles the signals. */
async function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly timeout?: number },
): Promise<string> {
  const { stdout } = await execa(program, args, { ...options, cleanup: false, stdin: "ignore" });
  return stdout;
}

/** An empty one with all below it; what is in use, or not there, stays as it is. */
function removeCgroup(folder: string): void {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    for (const entry of entries) if (entry.isDirectory()) removeCgroup(join(folder, entry.name));
    rmdirSync(folder);
  } catch {
    // gone already, or this controller never had one
  }
}
