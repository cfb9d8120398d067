/**
 * The words of one line of `iptables-save`, and back: blanks part them, double quotes keep blanks in, and within
 * quotes a backslash takes the next character as it is.
 *
 * Words stay quoted until `unquote`, so that a comment that reads `-j` is not taken for an option.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The words as they stand, quotes included; undefined where a quote is never closed. */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  while (at < line.length) {
    if (isBlank(line.charCodeAt(at))) {
      at += 1;
      continue;
    }
    const end = endOutsideQuotes(line, at, isBlank);
    if (end === undefined) return undefined;
    words.push(line.slice(at, end));
    at = end;
  }
  return words;
}

/**
 * Index of the first character after `start` that is outside quotes and that `isEnd` accepts, or the length of
 * the text; undefined where the text ends within quotes.
 */
export function endOutsideQuotes(
  text: string,
  start: number,
  isEnd: (code: number) => boolean,
): number | undefined {
  let isQuoted = false;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) isQuoted = !isQuoted;
    else if (isQuoted && code === BACKSLASH) at += 1;
    else if (!isQuoted && isEnd(code)) return at;
  }
  return isQuoted ? undefined : text.length;
}

/** The text that a word stands for. */
export function unquote(word: string): string {
  if (!word.includes('"')) return word;
  return word.replace(/"((?:[^"\\]|\\.)*)"/gs, (_, quoted: string) => quoted.replace(/\\(.)/gs, "$1"));
}

/** A word that stands for the text and cannot be taken for an option. */
export function quote(text: string): string {
  const isPlain = /^[^\s"'\\!-][^\s"'\\]*$/.test(text);
  return isPlain ? text : `"${text.replace(/["'\\]/g, "\\$&")}"`;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d; // 0d: a file that went through Windows
}
