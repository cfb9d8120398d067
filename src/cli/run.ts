/** The command `run`: the agent, until the process is told to stop. */
import { runAgent } from "../agent/agent.ts";
import type { CommandContext } from "./command.ts";
import { readSettings } from "./settings.ts";

/** @throws {AgentError} SETTINGS_INVALID; what the agent ends with unless it was told to stop. */
export async function runCommand(context: CommandContext): Promise<number> {
  const settings = await readSettings(context.env);
  const { logLevel, logFormat } = settings.agent;
  const log = await context.openLog(logLevel, logFormat);
  const templatePath = settings.agent.templatePath ?? context.shippedTemplate;
  log.info({ version: context.version, pid: context.pid }, "agent started");
  for (const note of settings.notes) log.warn({ note }, "variable not used");
  try {
    await runAgent({ ...context, settings, log, templatePath });
  } catch (error) {
    // being told to stop is the normal end of an agent, whatever it was doing
    if (!isAbort(error, context.signal)) throw error;
  }
  log.info("agent stopped");
  return 0;
}

function isAbort(error: unknown, { aborted, reason }: AbortSignal): boolean {
  return aborted && (error === reason || (error instanceof Error && error.name === "AbortError"));
}
