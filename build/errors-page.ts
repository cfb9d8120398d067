/**
 * The error codes and the causes of a split brain as a page that the agent serves. Their texts are those of the documents
 * that every host lacks.
 */
import { readFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.join(import.meta.dirname, "..");

/** The page. @throws {Error} if a document has no such table. */
export function renderErrorsPage(): string {
  const errors = rowsOf("docs/operate/errors.md", "| code | what it means | what to do |");
  const causes = rowsOf("docs/design/split-brain.md", "| cause |");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Error codes</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="page.css">
</head>
<body>
<!-- made by build/errors-page.ts from the documents: npm run settings-table -->
<header><div class="head"><h1>Error codes</h1><nav><a href="./">Back to the page</a> · <a href="#split-brain">Causes of a split brain</a></nav></div></header>
<main>
<section aria-labelledby="errors">
<h2 id="errors">Errors of the agent</h2>
${errors.map(([code = "", ...texts]) => entry(plain(code), plain(code), texts)).join("\n")}
</section>
<section aria-labelledby="split-brain">
<h2 id="split-brain">Causes of a split brain</h2>
${causes.flatMap(([names = "", ...texts]) => names.split(", ").map((name) => entry(`cause-${plain(name)}`, plain(name), texts))).join("\n")}
</section>
</main>
</body>
</html>
`;
}

function entry(id: string, name: string, texts: readonly string[]): string {
  return `<article id="${id}"><h3>${html(name)}</h3>${texts.map((text) => `<p>${html(text)}</p>`).join("")}</article>`;
}

/** The cells below a table's head. */
function rowsOf(file: string, head: string): string[][] {
  const document = readFileSync(path.join(ROOT, file), "utf8");
  const start = document.indexOf(`\n${head}`);
  if (start === -1) throw new Error(`${file} has no table ${head}`);
  const [table = ""] = document.slice(start + 1).split("\n\n", 1);
  const lines = table.split("\n").filter((line) => line.startsWith("| `"));
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("\\|", "|")),
  );
}

const plain = (cell: string) => cell.replaceAll("`", "");

/** Code and links of Markdown: a link becomes its words, as its document is not there. */
function html(markdown: string): string {
  const escaped = markdown.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return escaped.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1").replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}
