/** Everything in docs that is made from tables of the code, and the page of the errors. Run as a program, it writes all of it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { renderCommandsTable } from "./commands-table.ts";
import { renderBashCompletion, renderFishCompletion, renderZshCompletion } from "./completions.ts";
import { renderErrorsPage } from "./errors-page.ts";
import { renderManPage } from "./man-page.ts";
import { renderSettingsSchema } from "./settings-schema.ts";
import { renderSettingsTable, replaceSettingsTable } from "./settings-table.ts";
import { renderStatusSchema } from "./status-schema.ts";

const ROOT = path.dirname(import.meta.dirname);

/** The files that are made as a whole, by their path. */
export const GENERATED: Readonly<Record<string, () => string>> = {
  "docs/use/generated/rancher-keepalived.1": renderManPage,
  "docs/use/generated/rancher-keepalived.bash": renderBashCompletion,
  "docs/use/generated/_rancher-keepalived": renderZshCompletion,
  "docs/use/generated/rancher-keepalived.fish": renderFishCompletion,
  "docs/use/generated/settings.schema.json": renderSettingsSchema,
  "docs/use/generated/status.schema.json": renderStatusSchema,
  "templates/page/errors.html": renderErrorsPage,
};

function rewrite(file: string, change: (text: string) => string): void {
  const whole = path.join(ROOT, file);
  writeFileSync(whole, change(readFileSync(whole, "utf8")));
}

if (import.meta.main) {
  rewrite("docs/use/settings.md", (text) => replaceSettingsTable(text, renderSettingsTable()));
  rewrite("docs/use/commands.md", (text) =>
    text.replace(
      /^(<!-- commands:start\b.*-->\n).*?^(<!-- commands:end -->)/ms,
      (_, start: string, end: string) => `${start}${renderCommandsTable()}${end}`,
    ),
  );
  mkdirSync(path.join(ROOT, "docs/use/generated"), { recursive: true });
  for (const [file, render] of Object.entries(GENERATED)) writeFileSync(path.join(ROOT, file), render());
}
