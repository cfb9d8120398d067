/** The settings as the table in docs/use/settings.md. */
import type { Row } from "../src/settings/row.ts";
import { ALL_ROWS } from "../src/settings/table.ts";

/** A Markdown table with one line for each row. It ends with a line break. */
export function renderSettingsTable(rows: readonly Row[] = ALL_ROWS): string {
  const header = ["variable", "host label", "service metadata", "what it is", "allowed", "default"];
  const lines = [header, header.map(() => "---"), ...rows.map(cellsOf)];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function cellsOf(row: Row): string[] {
  const unit = row.unit === undefined ? "" : ` (${row.unit})`;
  return [
    code(row.variable),
    code(row.label && `keepalived.${row.label}`),
    code(row.metadata && `keepalived.${row.metadata}`),
    row.help,
    `${row.kind.allowed}${unit}; e.g. ${code(row.example)}`,
    [code(row.defaultText), row.defaultNote].filter(Boolean).join("; ") || "none",
  ].map((cell) => cell.replaceAll("|", "\\|"));
}

function code(text: string | undefined): string {
  return text ? `\`${text}\`` : "";
}

const SECTION = /^(<!-- settings:start\b.*-->\n).*?^(<!-- settings:end -->)/ms;

/** `document` with `table` between its two settings comments. @throws {Error} if it has no such comments. */
export function replaceSettingsTable(document: string, table: string): string {
  if (!SECTION.test(document)) throw new Error("no comments settings:start and settings:end");
  return document.replace(SECTION, (_, start: string, end: string) => `${start}${table}${end}`);
}
