/** The settings that a command needs before any metadata is read. */
import { readSecretFile } from "../settings/io/secret-file.ts";
import { parseSettings, type Settings, withAuthPass } from "../settings/settings.ts";

/** Settings of the environment, with the password of AUTH_PASS_FILE. @throws {AgentError} SETTINGS_INVALID */
export async function readSettings(env: Readonly<Record<string, string | undefined>>): Promise<Settings> {
  const settings = parseSettings(env);
  const { authPassFile } = settings.agent;
  return authPassFile === undefined
    ? settings
    : withAuthPass(settings, await readSecretFile("AUTH_PASS_FILE", authPassFile));
}
