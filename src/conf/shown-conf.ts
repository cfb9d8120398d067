/** keepalived.conf as it may be shown: like the file, without its passwords. */

import { HIDDEN } from "../settings/source.ts";
import type { Desired } from "../vrrp/instance.ts";
import { hidePasswords } from "./passwords.ts";
import { renderConf, type Surroundings } from "./render.ts";

/** A template of somebody's own may hold a password itself. */
const AUTH_PASS = /\bauth_pass\s+("[^"\n]*"|'[^'\n]*'|[^\s"']\S*)/g;

/** @throws {AgentError} as `renderConf`. */
export function renderShownConf(template: string, desired: Desired, around: Surroundings): string {
  return renderConf(template, hidePasswords(desired), around).replaceAll(AUTH_PASS, `auth_pass ${HIDDEN}`);
}
