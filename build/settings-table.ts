/** The settings as the table of the README. */
import type { Row } from "../src/settings/row.ts";
import { ALL_ROWS } from "../src/settings/table.ts";

/** Markdown table, a line each row, ending in a line break. */
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
