/** Commands that run to completion, on this machine or inside one of the lab's network namespaces. */
import { execa } from "execa";

export interface CommandOptions {
  /** Name of the network namespace to run in; the caller's own when absent. */
  readonly namespace?: string;
  readonly input?: string;
  /** Ends the command, which fails then. */
  readonly signal?: AbortSignal;
}

/**
 * Standard output of a command that succeeded.
 *
 * @throws {ExecaError} with the command line and its stderr, if it fails or takes longer than 20 s.
 */
export async function run(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  const [file = "", ...args] = inNamespace(command, options.namespace);
  // No clean-up by execa: it would take over the signals that exit-guard.ts handles for the whole lab.
  const { stdout } = await execa(file, args, {
    input: options.input ?? "",
    timeout: 120_000,
    cleanup: false,
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  return stdout;
}

/** One `ip` process for many lines of work, all or nothing up to the first line that fails. */
export async function ipBatch(lines: readonly string[], namespace?: string): Promise<void> {
  const target = namespace === undefined ? [] : ["-n", namespace];
  await run(["ip", ...target, "-batch", "-"], { input: `${lines.join("\n")}\n` });
}

/** The command line that runs `command` in a namespace, as the same process (no fork in between). */
export function inNamespace(command: readonly string[], namespace: string | undefined): readonly string[] {
  return namespace === undefined ? command : ["nsenter", `--net=/run/netns/${namespace}`, "--", ...command];
}
