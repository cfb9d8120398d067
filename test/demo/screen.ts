/** Where the demo is seen: drawn in place on a terminal, line by line elsewhere. */
import { stripVTControlCharacters, styleText } from "node:util";

const REDRAW_MS = 250;
/** For the title, the table and some lines. */
const LEAST_ROWS = 16;
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const CLEAR_BELOW = "\x1b[J";
/** Without it a redraw can be seen half done; terminals that do not know it ignore it. */
const BEGIN_UPDATE = "\x1b[?2026h";
const END_UPDATE = "\x1b[?2026l";

/** Gives the lines of the table; `emphasize` is for those that matter most. */
export type Table = (emphasize: (line: string) => string) => string[];

export interface Screen {
  /** A line that stays. */
  say(line: string): void;
  /** What is being done now. */
  now(text: string): void;
  /** The table that is shown from now on. */
  show(table: Table): void;
  /** Leaves the last picture as it is. */
  close(): void;
}

export function openScreen(output: NodeJS.WriteStream, title: readonly string[]): Screen {
  return output.isTTY && output.rows >= LEAST_ROWS ? new Terminal(output, title) : plainScreen(output, title);
}

function plainScreen(output: NodeJS.WritableStream, title: readonly string[]): Screen {
  const say = (line: string): void => void output.write(`${line}\n`);
  for (const line of title) say(line);
  return {
    say,
    now: say,
    show: (table) => table((line) => line).forEach(say),
    close: () => undefined,
  };
}

class Terminal implements Screen {
  readonly #output: NodeJS.WriteStream;
  readonly #title: readonly string[];
  readonly #said: string[] = [];
  readonly #timer = setInterval(() => this.#draw(), REDRAW_MS);
  #table: Table = () => [];
  #now = "";
  #height = 0;

  constructor(output: NodeJS.WriteStream, title: readonly string[]) {
    this.#output = output;
    this.#title = title;
    output.write(HIDE_CURSOR);
  }

  say(line: string): void {
    this.#said.push(line);
    this.#draw();
  }

  now(text: string): void {
    this.#now = text;
    this.#draw();
  }

  show(table: Table): void {
    this.#table = table;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#now = "";
    this.#draw();
    this.#output.write(SHOW_CURSOR);
  }

  /** Never more lines than the terminal has: what was scrolled away could not be drawn over. */
  #draw(): void {
    const { columns, rows } = this.#output;
    const table = this.#table((line) => styleText("bold", line, { stream: this.#output }));
    const above = [...this.#title, "", ...table, "", ...(this.#now === "" ? [] : [this.#now, ""])];
    const room = Math.max(1, rows - 1 - above.length);
    const lines = [...above, ...this.#said.slice(-room)].slice(0, rows - 1).map((line) => cut(line, columns));
    const home = this.#height > 0 ? `\x1b[${this.#height}A\r` : "";
    const picture = lines.map((line) => `${line}\x1b[K\n`).join("");
    this.#output.write(`${BEGIN_UPDATE}${home}${picture}${CLEAR_BELOW}${END_UPDATE}`);
    this.#height = lines.length;
  }
}

/** A line that the terminal would wrap loses its end, and then its emphasis too. */
function cut(line: string, columns: number): string {
  const text = stripVTControlCharacters(line);
  return text.length <= columns ? line : text.slice(0, columns);
}
