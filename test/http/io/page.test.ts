import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { readPage } from "../../../src/http/io/page.ts";

const FOLDER = fileURLToPath(new URL("../../../templates/page", import.meta.url));

describe("the page that ships", async () => {
  const { headers, body } = await readPage(FOLDER);
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

it("rejects where the files cannot be read", async () => {
  await expect(readPage(`${FOLDER}.missing`)).rejects.toMatchObject({ code: "ENOENT" });
});

describe("the one script of the page", async () => {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".js"));
  const modules = await Promise.all(
    names.map(async (name) => ({ name, text: await readFile(path.join(FOLDER, name), "utf8") })),
  );
  const { body } = await readPage(FOLDER);
  const page = await readFile(path.join(FOLDER, "page.html"), "utf8");
  const [, script = ""] = /<script>(.*?)<\/script>/s.exec(body) ?? [];

  it("is made of every module, and parses: no two of them use one name", () => {
    const functions = (text: string) => text.match(/(?<=^(?:export )?(?:async )?function )\w+/gm) ?? [];

    expect(() => new vm.Script(script)).not.toThrow();
    expect(functions(script).toSorted()).toEqual(modules.flatMap(({ text }) => functions(text)).toSorted());
    expect(script).not.toMatch(/^(?:import|export) /m);
  });

  it.each(modules)("has $name after the modules that it imports", ({ name, text }) => {
    const order = [...page.matchAll(/src="([^"]+)"/g)].map(([, file = ""]) => file);
    const imported = [...text.matchAll(/from "\.\/([^"]+)"/g)].map(([, file = ""]) => file);

    for (const file of imported) expect(order.indexOf(file)).toBeLessThan(order.indexOf(name));
  });
});

it("reads the page of the errors, too", async () => {
  const { headers, body } = await readPage(FOLDER, "errors.html");

  expect(body).toContain('id="KEEPALIVED_EXITED"');
  expect(body).toContain("<style>");
  expect(headers["Content-Security-Policy"]).toContain("script-src 'none'");
});
