/**
 * VRRP passwords stay out of what outlives the moment and of what people see: the files in STATE_DIR, and the output of
 * `render`. Only keepalived.conf itself has them.
 */

import { HIDDEN } from "../text/escape.ts";
import type { Desired, Instance } from "../vrrp/instance.ts";
import type { AppliedConf } from "./applied.ts";
import type { ConfPaths } from "./paths.ts";
import { renderConf } from "./render.ts";
import { confWord } from "./word.ts";

/** As a template writes it. Of 8 bytes, so that keepalived still accepts a text for an operator's `keepalived -t`. */
const HIDDEN_WORD = confWord(HIDDEN);

/** The same with `(hidden)` in place of each password. */
export function hidePasswords<T extends { readonly instances: readonly Instance[] }>(desired: T): T {
  const instances = desired.instances.map((instance) =>
    instance.authPass === undefined ? instance : { ...instance, authPass: HIDDEN },
  );
  return { ...desired, instances };
}

/** A configuration of an earlier run with the password of this one, as far as it is known. */
export function insertPassword({ text, instances }: AppliedConf, password: string | undefined): AppliedConf {
  return {
    text: password === undefined ? text : text.replaceAll(HIDDEN_WORD, () => confWord(password)),
    instances: instances.map((instance) =>
      instance.authPass === HIDDEN ? { ...instance, authPass: password } : instance,
    ),
  };
}

/** Whether a text lacks a password: a host that ran it would be in no group but its own. */
export function lacksPassword(text: string): boolean {
  return text.includes(HIDDEN_WORD);
}

/** A template of somebody's own may hold a password itself. */
const AUTH_PASS = /\bauth_pass\s+("[^"\n]*"|'[^'\n]*'|[^\s"']\S*)/g;

/** @throws {AgentError} as `renderConf`. */
export function renderConfForDisplay(template: string, desired: Desired, confPaths: ConfPaths): string {
  return renderConf(template, hidePasswords(desired), confPaths).replaceAll(AUTH_PASS, `auth_pass ${HIDDEN}`);
}
