/** `$NAME` and `${NAME}` in a parsed compose file, by the rules of Rancher's parsers: no defaults, `$$` is a dollar. */

const DOLLAR = /\$(?:(\$)|\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*)|)/g;

/**
 * All strings in `node` with their variables replaced, not the keys of maps; a variable without an answer is empty.
 *
 * @throws {Error} for a dollar that starts none of these, such as `${NAME:-default}`.
 */
export function interpolate(node: unknown, answers: Readonly<Record<string, string>>): unknown {
  if (typeof node === "string") return interpolateText(node, answers);
  if (Array.isArray(node)) return node.map((item) => interpolate(item, answers));
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, interpolate(value, answers)]));
}

function interpolateText(text: string, answers: Readonly<Record<string, string>>): string {
  return text.replaceAll(DOLLAR, (found, dollar?: string, braced?: string, plain?: string) => {
    if (dollar !== undefined) return "$";
    const name = braced ?? plain;
    if (name === undefined) throw new Error(`${found} in ${JSON.stringify(text)} is no variable`);
    return answers[name] ?? "";
  });
}

/** Names of the variables in a text. */
export function variablesOf(text: string): string[] {
  return [...text.matchAll(DOLLAR)].flatMap(([, , braced, plain]) => braced ?? plain ?? []);
}
