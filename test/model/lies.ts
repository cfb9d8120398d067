/** What a script's `lie` makes a metadata service say, word by word. */
import type { Lies } from "./rancher.ts";

/** `alone` needs the other hosts' names, so a script writes `missing=h2,h3`. */
export function readLies(words: readonly string[]): Partial<Lies> {
  return Object.assign({}, ...words.map(readLie));
}

/** @throws {Error} that names a word that is no lie. */
function readLie(word: string): Partial<Lies> {
  const [name = "", value = ""] = word.split("=");
  const values = value.split(",");
  switch (name) {
    case "down":
      return { isDown: true };
    case "stuck":
      return { isStuck: true };
    case "back":
      return { versionsBack: Number(value) };
    case "missing":
      return { missing: values };
    case "hostless":
      return { hostless: values };
    case "states":
      return { states: new Map(values.map((each) => each.split(":") as [string, string])) };
    case "self":
      return { self: value };
    default:
      throw new Error(`not a lie: ${word}`);
  }
}
