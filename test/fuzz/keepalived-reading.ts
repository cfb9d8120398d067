/**
 * A second reading of keepalived.conf, line by line as keepalived 2.2.7 itself reads (lib/parser.c): bytes and not
 * letters, lines cut at a buffer's end, comments before quotes, `$NAME` even within quotes.
 *
 * It shares nothing with the product's own reader, and throws at whatever would make the text mean more than the words
 * that stand there.
 */
import type { Node } from "./expected-conf.ts";

/** MAXBUF less the line break and the zero byte that fgets puts there, bytes. */
const LONGEST_LINE = 1022;

/** `$NAME` before a blank, `,` or `)`, and `${NAME 1 2}`: replaced where the name is defined, and `_PWD` always is. */
const REPLACED = /\$(?:\{[A-Za-z_]\w*[ \d]*\}|[A-Za-z_]\w*(?:[ \t,)]|$))/;
/** At the start of a line: a condition on the host, a definition, a sequence, a list, another file. */
const DIRECTIVE = /^(?:@|\$[A-Za-z_]\w*[ \t]*=|~|include[rmwba]?\s)/;

/** @throws {Error} naming the line and what keepalived would do there. */
export function readAsKeepalived(text: string): Node[] {
  const root: Node[] = [];
  const open: Node[][] = [root];
  for (const [index, line] of Buffer.from(text).toString("latin1").split("\n").entries()) {
    const refuse = (why: string): never => {
      throw new Error(`line ${index + 1}: keepalived ${why}: ${JSON.stringify(line.slice(0, 200))}`);
    };
    if (line.includes("\0")) refuse("stops at a zero byte");
    if (line.length > LONGEST_LINE) refuse("cuts a long line in two");
    const statement = withoutComment(line.replace(/\r+$/, ""), refuse);
    if (DIRECTIVE.test(statement)) refuse("follows a directive");
    if (REPLACED.test(statement)) refuse("replaces a parameter");
    for (const piece of splitAtBraces(statement)) {
      if (piece === "}") {
        open.pop();
        if (open.length === 0) refuse("meets an extra }");
      } else if (piece.endsWith("{")) {
        const block: Node[] = [];
        open.at(-1)!.push([wordsOf(piece.slice(0, -1), refuse), block]);
        open.push(block);
      } else if (piece !== "") open.at(-1)!.push([wordsOf(piece, refuse)]);
    }
  }
  if (open.length !== 1) throw new Error("keepalived meets the end of the file within a block");
  return root;
}

/** decomment(): a backslash takes the next byte with it even within quotes, so `"a\"` never ends. */
function withoutComment(line: string, refuse: (why: string) => never): string {
  let isQuoted = false;
  let position = 0;
  for (; position < line.length; position += 1) {
    const byte = line[position]!;
    if (byte === "\\") {
      if (position + 1 === line.length) refuse("joins the next line");
      if (!isQuoted && /[#!]/.test(line[position + 1]!)) refuse("unescapes a comment");
      position += 1;
    } else if (byte === '"') isQuoted = !isQuoted;
    else if (!isQuoted && /[#!]/.test(byte)) break;
  }
  if (isQuoted) refuse("finds an unterminated quote");
  return line.slice(0, position).replaceAll(/^[ \t]+|[ \t]+$/g, "");
}

/** read_line() ends a line at each brace outside of quotes: `a {`, `}`, and what stands between. */
function splitAtBraces(statement: string): string[] {
  const pieces = statement.matchAll(/\}|(?:"[^"]*"|[^{}"])*\{|(?:"[^"]*"|[^{}"])+/g);
  return [...pieces].map(([piece]) => piece.trim());
}

/** alloc_strvec(): bytes to text again, as the reader before keepalived took them. */
function wordsOf(piece: string, refuse: (why: string) => never): string[] {
  const words = [...piece.matchAll(/"([^"]*)"|([^ \t\f\n\r\v"]+)/g)].map(
    ([, quoted, bare]) => quoted ?? bare!,
  );
  if (words.some((word) => word === "{" || word === "}")) refuse("takes a quoted brace for a block");
  return words.map((word) => Buffer.from(word, "latin1").toString());
}
