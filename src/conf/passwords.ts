/**
 * Keeps VRRP passwords out of the files in STATE_DIR and the output of `render`. Only keepalived.conf contains them.
 */

import { HIDDEN } from "../text/escape.ts";
import type { Desired, Instance } from "../vrrp/instance.ts";
import type { AppliedConf } from "./applied.ts";
import type { ConfPaths } from "./paths.ts";
import { renderConf } from "./render.ts";
import { confWord } from "./word.ts";

/** As a template writes it: 8 bytes, so that an operator's `keepalived -t` accepts a text with it. */
const HIDDEN_WORD = confWord(HIDDEN);

/** Replaces each password with `(hidden)`. */
export function hidePasswords<T extends { readonly instances: readonly Instance[] }>(desired: T): T {
  const instances = desired.instances.map((instance) =>
    instance.authPass === undefined ? instance : { ...instance, authPass: HIDDEN },
  );
  return { ...desired, instances };
}

/**
 * Puts the password of this run into the configuration of an earlier one. Without a password, the text stays hidden.
 */
export function insertPassword({ text, instances }: AppliedConf, password: string | undefined): AppliedConf {
  return {
    text: password === undefined ? text : text.replaceAll(HIDDEN_WORD, () => confWord(password)),
    instances: instances.map((instance) =>
      instance.authPass === HIDDEN ? { ...instance, authPass: password } : instance,
    ),
  };
}

/** Whether a text has `(hidden)` for a password: other hosts would ignore the adverts of a host that ran it. */
export function lacksPassword(text: string): boolean {
  return text.includes(HIDDEN_WORD);
}

/** An operator's template can contain a password of its own. */
const AUTH_PASS = /\bauth_pass\s+("[^"\n]*"|'[^'\n]*'|[^\s"']\S*)/g;

/** The text for people, without any password. @throws {AgentError} as `renderConf`. */
export function renderConfForDisplay(template: string, desired: Desired, confPaths: ConfPaths): string {
  return renderConf(template, hidePasswords(desired), confPaths).replaceAll(AUTH_PASS, `auth_pass ${HIDDEN}`);
}
