/** The status page: one file with its own styles and script. */

import crypto from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Answer } from "../answer.ts";

/** The page with a Content-Security-Policy that allows only its own styles and script, by their hashes. */
export async function readPage(file: string): Promise<Answer> {
  const body = await readFile(file, "utf8");
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

function hashesOf(page: string, element: string): string {
  const contents = page.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, "gs"));
  const hashes = [...contents].map(([, content = ""]) =>
    crypto.createHash("sha256").update(content).digest("base64"),
  );
  return hashes.length === 0 ? "'none'" : hashes.map((hash) => `'sha256-${hash}'`).join(" ");
}
