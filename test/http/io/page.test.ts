import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readPage } from "../../../src/http/io/page.ts";

const FILE = fileURLToPath(new URL("../../../templates/page.html", import.meta.url));

describe("the page that ships", async () => {
  const { headers, body } = await readPage(FILE);
  const policy = headers["Content-Security-Policy"] ?? "";

  it("may run its own script and use its own styles, by their hashes, and nothing else", async () => {
    const [, script = ""] = /<script>(.*?)<\/script>/s.exec(body) ?? [];
    const hash = createHash("sha256").update(script).digest("base64");

    expect(script).toContain("EventSource");
    expect(policy).toContain(`script-src 'sha256-${hash}';`);
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]{44}';/);
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(body.match(/<(script|style)\b/g)).toEqual(["<style", "<script"]);
    expect(body).not.toMatch(/\sstyle="|\son\w+="/); // the policy would refuse them
  });

  it("loads nothing from outside, and writes values as text alone", async () => {
    const urls = body.match(/https?:\/\/[^"'\s)]+/g);

    expect(urls).toEqual(["http://www.w3.org/2000/svg"]);
    expect(body).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|@import|url\(/);
  });

  it("is for phones, dark screens and screen readers", () => {
    expect(body).toContain('<html lang="en">');
    expect(body).toContain('name="viewport"');
    expect(body).toContain("prefers-color-scheme: dark");
    expect(body).toContain('role="status"');
  });
});

it("rejects where the file cannot be read", async () => {
  await expect(readPage(`${FILE}.missing`)).rejects.toMatchObject({ code: "ENOENT" });
});

it("is the whole file", async () => {
  expect((await readPage(FILE)).body).toBe(await readFile(FILE, "utf8"));
});
