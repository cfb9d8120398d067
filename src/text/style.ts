/** How text stands out in a terminal: colours where it has some, the same text where it has none. */

const CODES = { good: 32, bad: 31, warn: 33, faint: 2, strong: 1 } as const;

export type Style = (tone: keyof typeof CODES, text: string) => string;

export const PLAIN: Style = (_tone, text) => text;

export const COLOURED: Style = (tone, text) => `\u001b[${CODES[tone]}m${text}\u001b[0m`;

/**
 * As Node itself decides: FORCE_COLOR says so, whatever is written to (`0` and `false`: none); else a terminal that is not
 * dumb has colours, unless NO_COLOR is set. An empty variable is none.
 */
export function wantsColours(
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: terminal } = env;
  if (forced) return forced !== "0" && forced !== "false";
  return isTerminal && !refused && terminal !== "dumb";
}

/** The cursor at the start of a screen that is empty. */
export const CLEAR_SCREEN = "\u001b[H\u001b[2J\u001b[3J";
