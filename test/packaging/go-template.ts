/**
 * The few actions of Go's text/template that the catalog entry uses, as Rancher's server runs them over a file before
 * it is YAML: `.Values.NAME`, `.Stack.Name`, and `if` with one of them, or `eq` or `ne` of
 * one and a text.
 */

export interface TemplateWords {
  /** Answers to the questions; one that is missing is empty. */
  readonly answers: Readonly<Record<string, string>>;
  readonly stackName: string;
}

/** @throws {Error} for any other action, and for an `if` without its `end`. */
export function renderGoTemplate(text: string, words: TemplateWords): string {
  let output = "";
  const conditions: boolean[] = [];
  for (const [index, part] of text.split(/\{\{(.*?)\}\}/s).entries()) {
    const isAction = index % 2 === 1;
    const isShown = conditions.every(Boolean);
    if (!isAction) output += isShown ? part : "";
    else if (part.trim() === "end") endOf(conditions);
    else if (part.trim().startsWith("if ")) conditions.push(isTrue(part.trim().slice(3), words));
    else output += isShown ? answerOf(part.trim(), words) : "";
  }
  if (conditions.length > 0) throw new Error("an if without its end");
  return output;
}

function endOf(conditions: boolean[]): void {
  if (conditions.pop() === undefined) throw new Error("an end without its if");
}

function isTrue(condition: string, words: TemplateWords): boolean {
  const [, comparison, name, wanted] = /^(eq|ne) (\S+) "([^"]*)"$/.exec(condition) ?? [];
  if (name === undefined) return answerOf(condition, words) !== "";
  return (answerOf(name, words) === wanted) === (comparison === "eq");
}

function answerOf(name: string, { answers, stackName }: TemplateWords): string {
  if (name === ".Stack.Name") return stackName;
  const [, variable] = /^\.Values\.(\w+)$/.exec(name) ?? [];
  if (variable === undefined) throw new Error(`no such action: {{ ${name} }}`);
  return answers[variable] ?? "";
}
