/** Colours for terminals. A style without colours leaves the text unchanged. */

const CODES = { good: 32, bad: 31, warn: 33, faint: 2, strong: 1 } as const;

export type Style = (tone: keyof typeof CODES, text: string) => string;

export const PLAIN: Style = (_tone, text) => text;

export const COLOURED: Style = (tone, text) => `\u001b[${CODES[tone]}m${text}\u001b[0m`;

/**
 * NO_COLOR forbids colours, whatever else is set. Else FORCE_COLOR decides for any output (`0` and `false` mean no colours).
 * Without both, a terminal that is not dumb has colours. An empty variable counts as unset.
 */
export function wantsColours(
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: terminal } = env;
  if (refused) return false;
  if (forced) return forced !== "0" && forced !== "false";
  return isTerminal && terminal !== "dumb";
}
