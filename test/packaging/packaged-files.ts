/** The compose files and the catalog entry, parsed, and what Rancher makes of them. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { renderGoTemplate } from "./go-template.ts";
import { interpolate } from "./interpolation.ts";
import { parseYaml } from "./yaml-1-1.ts";

export const ROOT = path.resolve(import.meta.dirname, "../..");
export const ENTRY = "rancher/rancher-keepalived";
/** The revisions of the entry, as Rancher counts them; released ones are never edited. */
export const REVISIONS = readdirSync(path.join(ROOT, ENTRY)).filter((name) => /^\d+$/.test(name));
const LATEST = `${ENTRY}/${Math.max(...REVISIONS.map(Number))}`;

export function readText(file: string): string {
  return readFileSync(path.join(ROOT, file), "utf8");
}

export interface Service {
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly metadata?: unknown;
  readonly [key: string]: unknown;
}

export interface ComposeFile {
  readonly version: string;
  readonly services: Readonly<Record<string, Service>>;
}

/** A field that is misspelt is ignored by Rancher without a word, so all that it knows are listed. */
export const QUESTION_FIELDS = [
  "variable",
  "label",
  "description",
  "type",
  "required",
  "default",
  "group",
  "min_length",
  "max_length",
  "min",
  "max",
  "options",
  "valid_chars",
  "invalid_chars",
] as const;

export type Question = { readonly [Field in (typeof QUESTION_FIELDS)[number]]?: unknown } & {
  readonly variable: string;
};

interface CatalogFile extends ComposeFile {
  readonly catalog: { readonly questions: readonly Question[]; readonly [key: string]: unknown };
}

/** A pair of files as they are written. */
export interface Pair {
  readonly docker: string;
  readonly rancher: string;
}

export const TOP: Pair = { docker: readText("docker-compose.yml"), rancher: readText("rancher-compose.yml") };
export const CATALOG: Pair = {
  docker: readText(`${LATEST}/docker-compose.yml`),
  rancher: readText(`${LATEST}/rancher-compose.yml`),
};
export const CONFIG = parseYaml(readText(`${ENTRY}/config.yml`)) as Readonly<Record<string, unknown>>;
export const { catalog } = parseYaml(CATALOG.rancher) as CatalogFile;

export function parseCompose(text: string): ComposeFile {
  return parseYaml(text) as ComposeFile;
}

/** What the form holds before anybody typed, but for the virtual IP, which has no default. */
export const DEFAULT_ANSWERS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    catalog.questions.map((question) => [question.variable, String(question.default ?? "")]),
  ),
  VIRTUAL_IP: "192.168.10.100/24",
};

/** What Rancher's server starts from the catalog entry: templates run, variables replaced, both files merged. */
export function launch(answers: Readonly<Record<string, string>>): ComposeFile {
  const merged = merge(run(CATALOG.docker, answers), run(CATALOG.rancher, answers));
  return merged as ComposeFile;
}

function run(text: string, answers: Readonly<Record<string, string>>): ComposeFile {
  const file = parseCompose(renderGoTemplate(text, { answers, stackName: "vips" }));
  return { ...file, services: interpolate(file.services, answers) as ComposeFile["services"] };
}

function merge(docker: ComposeFile, rancher: ComposeFile): ComposeFile {
  const names = Object.keys({ ...docker.services, ...rancher.services });
  const services = names.map((name) => [name, { ...docker.services[name], ...rancher.services[name] }]);
  return { version: docker.version, services: Object.fromEntries(services) };
}
