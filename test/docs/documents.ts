/** Every document that a reader may meet, by its path from the top of the repository. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./readme.ts";

const TOP = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];

/** All Markdown documents: those at the top, those below docs, and the README of each revision of the catalog entry. */
export function listDocuments(): string[] {
  const below = ["docs", "rancher"].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" }).map(
      (name) => `${folder}/${name}`,
    ),
  );
  return [...TOP, ...below.filter((name) => name.endsWith(".md")).toSorted()];
}
