/** README.md as its tests read it. */
import { readFileSync } from "node:fs";
import path from "node:path";

export const ROOT = path.resolve(import.meta.dirname, "../..");

export function readDocument(name: string): string {
  return readFileSync(path.join(ROOT, name), "utf8");
}

/** Text between the lines `<!-- name:start ... -->` and `<!-- name:end -->`. @throws {Error} where they are not there once. */
export function section(text: string, name: string): string {
  const parts = text.split(new RegExp(`^<!-- ${name}:(?:start|end)\\b.*-->\\n`, "m"));
  if (parts.length !== 3) throw new Error(`README.md has no one section ${name}`);
  return parts[1] ?? "";
}

/** Cells of a Markdown table's rows, without its head; `\|` is a bar within a cell. */
export function tableRows(table: string): string[][] {
  const lines = table.trim().split("\n").slice(2);
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("\\|", "|")),
  );
}

/** The code blocks of a language, those within a list too, without their indent. */
export function codeBlocks(text: string, language: string): string[] {
  const blocks = text.matchAll(/^( *)```(\w+)\n(.*?)^\1```$/gms);
  return [...blocks]
    .filter(([, , name]) => name === language)
    .map(([, indent = "", , code = ""]) => code.replaceAll(new RegExp(`^${indent}`, "gm"), ""));
}

/** Lines of all code blocks of a language. */
export function codeLines(text: string, language: string): string[] {
  return codeBlocks(text, language).flatMap((code) => code.trimEnd().split("\n"));
}
