/** The real-time signal that makes keepalived write a dump: its number differs between C libraries. */
import { env } from "node:process";
import { execa } from "execa";
import { AgentError } from "../../errors.ts";
import { bareEnvironment } from "../../system/child-command.ts";

const TIMEOUT_MS = 3_000;

/** @throws {AgentError} KEEPALIVED_UNAVAILABLE */
export async function readDumpSignal(): Promise<number> {
  const result = await execa("keepalived", ["--signum=JSON"], {
    ...bareEnvironment(env),
    reject: false,
    timeout: TIMEOUT_MS,
  });
  if (result.exitCode === 0 && /^\d+$/.test(result.stdout)) return Number(result.stdout);
  throw new AgentError("KEEPALIVED_UNAVAILABLE", "keepalived --signum=JSON gave no number", {
    cause: result,
  });
}

/**
 * Asks for the number at once, so that the start of keepalived does not wait for it. The number is a constant of the program:
 * it is asked for again only where that failed.
 *
 * @returns as {@link readDumpSignal}.
 */
export function askForDumpSignal(): typeof readDumpSignal {
  const ask = () => {
    const asked = readDumpSignal();
    // the caller that needs it gets the failure
    asked.catch(() => {
      answer = undefined;
    });
    return asked;
  };
  let answer: Promise<number> | undefined = ask();
  return () => {
    answer ??= ask();
    return answer;
  };
}
