/**
 * The settings as they are now: all but one are those of the start. AUTH_PASS_FILE is read anew whenever it changes, and
 * as long as what it holds is no password, the earlier one stays in force: without it a host would leave its group.
 */
import type { Logger } from "pino";
import { AgentError, describeError } from "../../errors.ts";
import type { Report } from "../../system/report.ts";
import { createSerialQueue } from "../../system/serial-queue.ts";
import { type Settings, withAuthPass } from "../settings.ts";
import { readSecret, watchSecret } from "./secret-file.ts";

export interface LiveSettings {
  readonly current: Settings;
}

export interface LiveSettingsOptions {
  /** With the password that the file held at the start. */
  readonly settings: Settings;
  readonly report: Report;
  /** `current` is another one. */
  readonly onChange: () => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Resolves once changes of the file are followed, at once where there is none. */
export async function followSettings(options: LiveSettingsOptions): Promise<LiveSettings> {
  const { settings, report, log, signal } = options;
  const file = settings.agent.authPassFile;
  let current = settings;
  const enqueue = createSerialQueue();

  const readAnew = async (path: string): Promise<void> => {
    try {
      const next = withAuthPass(current, await readSecret("AUTH_PASS_FILE", path));
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
    const follow = () => void enqueue(() => readAnew(file));
    const onError = (err: unknown) => log.warn({ err }, "password file is not followed any more");
    await watchSecret(file, { onChange: follow, onError, signal });
    // it may have changed between its first reading and this moment
    follow();
  }
  return {
    get current() {
      return current;
    },
  };
}
