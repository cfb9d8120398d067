/**
 * The current settings. Only the password of AUTH_PASS_FILE can change while the agent runs. While the file contains no
 * usable password, the earlier one stays in force, because without it a host would leave its group.
 */
import type { Logger } from "pino";
import { AgentError, describeError } from "../../errors.ts";
import type { Report } from "../../system/report.ts";
import { createSerialQueue } from "../../system/serial-queue.ts";
import { type Settings, withAuthPass } from "../settings.ts";
import { readSecretFile, watchSecretFile } from "./secret-file.ts";

export interface LiveSettings {
  readonly current: Settings;
}

export interface WatchSettingsOptions {
  /** The settings of the start, with the password that the file contained then. */
  readonly settings: Settings;
  readonly report: Report;
  /** Called after `current` has changed. */
  readonly onChange: () => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Resolves once the file is watched, until the signal aborts; at once without a file. */
export async function watchSettings(options: WatchSettingsOptions): Promise<LiveSettings> {
  const { settings, report, log, signal } = options;
  const file = settings.agent.authPassFile;
  let current = settings;
  const enqueue = createSerialQueue();

  const readPassword = async (path: string): Promise<void> => {
    try {
      const next = withAuthPass(current, await readSecretFile("AUTH_PASS_FILE", path));
      report.ok();
      if (next.environment.authPass?.value === current.environment.authPass?.value) return;
      current = next;
      log.info({ file: path }, "VRRP password changed");
      options.onChange();
    } catch (error) {
      report.problem(new AgentError("SECRET_UNUSABLE", describeError(error)));
    }
  };

  if (file !== undefined) {
    const onChange = () => void enqueue(() => readPassword(file));
    const onError = (err: unknown) => log.warn({ err }, "cannot watch the password file");
    await watchSecretFile(file, { onChange, onError, signal });
    // the file may have changed since the start read it
    onChange();
  }
  return {
    get current() {
      return current;
    },
  };
}
