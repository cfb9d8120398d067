/**
 * Parses the text of keepalived.conf into a tree of statements, by the rules of keepalived.conf(5): words, double or
 * single quotes, `{ }` blocks, comments from `#` or `!` to the end of the line.
 */
export interface Statement {
  /** The keyword and its parameters, without quotes. */
  readonly words: readonly string[];
  /** The line of the keyword, counted from 1. */
  readonly line: number;
  /** The statements of its block; undefined where it has none. */
  readonly block: readonly Statement[] | undefined;
}

interface Token {
  readonly kind: "word" | "open" | "close" | "end";
  readonly text: string;
  readonly line: number;
}

/** @throws {SyntaxError} for an unbalanced brace or a quote that is not closed, naming the line. */
export function parseConf(text: string): Statement[] {
  const tokens = text.split("\n").flatMap((line, index) => tokensOf(line, index + 1));
  const reader = { tokens, position: 0 };
  const statements = readBlock(reader);
  const rest = reader.tokens[reader.position];
  if (rest !== undefined) throw new SyntaxError(`line ${rest.line}: a } without a {`);
  return statements;
}

/** The statements with that keyword directly in a block, not in nested ones. */
export function statementsOf(block: readonly Statement[], keyword: string): Statement[] {
  return block.filter((statement) => statement.words[0] === keyword);
}

/** Every statement of a tree, nested ones included, in the order of the text. */
export function allStatements(block: readonly Statement[]): Statement[] {
  return block.flatMap((statement) => [statement, ...allStatements(statement.block ?? [])]);
}

const TOKEN = /\s+|[#!].*|([{}])|"([^"]*)"|'([^']*)'|([^\s{}"'#!]+)|(["'])/gy;

function tokensOf(line: string, number: number): Token[] {
  const tokens: Token[] = [];
  for (const match of line.matchAll(TOKEN)) {
    const [, brace, double, single, bare, loneQuote] = match;
    if (loneQuote !== undefined) throw new SyntaxError(`line ${number}: a quote that is not closed`);
    const word = double ?? single ?? bare;
    if (brace !== undefined)
      tokens.push({ kind: brace === "{" ? "open" : "close", text: brace, line: number });
    else if (word !== undefined) tokens.push({ kind: "word", text: word, line: number });
  }
  return [...tokens, { kind: "end", text: "", line: number }];
}

function readBlock(reader: { readonly tokens: readonly Token[]; position: number }): Statement[] {
  const statements: Statement[] = [];
  let words: Token[] = [];
  const finish = (block?: readonly Statement[]) => {
    const [first] = words;
    if (first !== undefined) {
      statements.push({ words: words.map(({ text }) => text), line: first.line, block });
    }
    words = [];
  };
  for (
    let token = reader.tokens[reader.position];
    token !== undefined;
    token = reader.tokens[reader.position]
  ) {
    if (token.kind === "close") break;
    reader.position += 1;
    if (token.kind === "word") words.push(token);
    else if (token.kind === "end") finish();
    else finish(readNested(reader, token.line));
  }
  finish();
  return statements;
}

function readNested(
  reader: { readonly tokens: readonly Token[]; position: number },
  line: number,
): Statement[] {
  const block = readBlock(reader);
  if (reader.tokens[reader.position] === undefined) throw new SyntaxError(`line ${line}: a { without a }`);
  reader.position += 1;
  return block;
}
