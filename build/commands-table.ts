/** The commands as the table in docs/use/commands.md. */
import type { Command } from "../src/cli/command.ts";
import { COMMANDS } from "../src/cli/commands.ts";
import { commandUsage } from "../src/cli/help.ts";

/** Markdown table, a line each command, ending in a line break. */
export function renderCommandsTable(commands: readonly Command[] = COMMANDS): string {
  const lines = [["command", "what it does"], ["---", "---"], ...commands.map(cellsOf)];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function cellsOf(command: Command): string[] {
  const { summary, details = [] } = command;
  return [`\`rancher-keepalived ${commandUsage(command)}\``, [`${summary}.`, ...details].join(" ")].map(
    (cell) => cell.replaceAll("|", "\\|"),
  );
}
