/**
 * The status page: one answer with its own styles and script, put together from the files of a folder.
 *
 * Its files are ES modules, so that each has one subject and tests can import it. The browser gets them as one script, in
 * the order of `page.html`: a page must not come in parts that an agent which stops meanwhile cannot send.
 */

import crypto from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Logger } from "pino";
import { type Answer, textAnswer } from "../answer.ts";

const STYLESHEETS = /(?:<link rel="stylesheet" href="[\w-]+\.css">\s*)+/;
const SCRIPTS = /(?:<script type="module" src="[\w-]+\.js"><\/script>\s*)+/;
const IMPORT = /^import [^;]*;\n/gm;
const EXPORT = /^export (?=async |class |const |function )/gm;

/** The pages of the folder. Each is read when it is first asked for, and again where it could not be read. */
export function createPages(folder: string, log: Logger) {
  const read = new Map<string, Promise<Answer>>();
  return {
    answer: (name: "page.html" | "errors.html"): Promise<Answer> => {
      const known = read.get(name);
      if (known !== undefined) return known;
      const reading = readPage(folder, name).catch((err: unknown) => {
        log.warn({ err }, "page cannot be read");
        read.delete(name);
        return textAnswer(500, "the page's files cannot be read; /status has the same data");
      });
      read.set(name, reading);
      return reading;
    },
  };
}

/** One page of the folder, with a Content-Security-Policy that allows only its own styles and script, by their hashes. */
export async function readPage(folder: string, name = "page.html"): Promise<Answer> {
  const body = await assemble(folder, name);
  const policy = [
    "default-src 'none'",
    `style-src ${hashesOf(body, "style")}`,
    `script-src ${hashesOf(body, "script")}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    status: 200,
    headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy.join("; ") },
    body,
  };
}

async function assemble(folder: string, pageName: string): Promise<string> {
  const read = (name: string) => readFile(path.join(folder, name), "utf8");
  const readAll = (tags: string) => {
    const names = [...tags.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, name = ""]) => name);
    return Promise.all(names.map(read));
  };
  const page = await read(pageName);
  const styles = await readAll(page.match(STYLESHEETS)?.[0] ?? "");
  const modules = await readAll(page.match(SCRIPTS)?.[0] ?? "");
  const script = modules.map((text) => text.replaceAll(IMPORT, "").replaceAll(EXPORT, "")).join("\n");
  // as functions: `$&` in the text of a file is no pattern
  return page
    .replace(STYLESHEETS, () => `<style>${styles.join("\n")}</style>\n`)
    .replace(SCRIPTS, () => `<script>"use strict";{\n${script}}</script>\n`);
}

function hashesOf(page: string, element: string): string {
  const contents = page.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, "gs"));
  const hashes = [...contents].map(([, content = ""]) =>
    crypto.createHash("sha256").update(content).digest("base64"),
  );
  return hashes.length === 0 ? "'none'" : hashes.map((hash) => `'sha256-${hash}'`).join(" ");
}
