/** keepalived.conf as it may be shown: like the file, without its passwords. */
import type { Desired } from "./desired.ts";
import { renderConf, type Surroundings } from "./render.ts";
import { HIDDEN } from "./settings-source.ts";

/** A template of somebody's own may hold a password itself. */
const AUTH_PASS = /\bauth_pass\s+("[^"\n]*"|'[^'\n]*'|[^\s"']\S*)/g;

/** @throws {AgentError} as `renderConf`. */
export function renderShownConf(template: string, desired: Desired, around: Surroundings): string {
  const instances = desired.instances.map((instance) =>
    instance.authPass === undefined ? instance : { ...instance, authPass: HIDDEN },
  );
  return renderConf(template, { ...desired, instances }, around).replaceAll(AUTH_PASS, `auth_pass ${HIDDEN}`);
}
