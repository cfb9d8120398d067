/**
 * `npm run screenshots`, with Chromium (`apt-get install chromium`): looks at the page and writes the pictures of it in
 * docs: on a desk by day, on a desk by night, on a phone by night.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DESK, PHONE, setScreen, troublesOf } from "./audit.ts";
import { Browser } from "./browser.ts";
import { openStage } from "./stage.ts";

const DOCS = fileURLToPath(new URL("../../docs/pictures/", import.meta.url));
const PICTURES = [
  { file: "page.png", size: DESK, scheme: "light" },
  { file: "page-dark.png", size: DESK, scheme: "dark" },
  { file: "page-phone.png", size: PHONE, scheme: "dark" },
] as const;

const folder = mkdtempSync(join(tmpdir(), "rk-page-"));
const stop = new AbortController();
const { url } = await openStage(folder, stop.signal);
const browser = await Browser.open();
try {
  await browser.goTo(url);
  await browser.untilShown("198.51.100.60/24");
  await browser.untilShown("web left node-1");
  for (const { file, size, scheme } of PICTURES) {
    await setScreen(browser, size, scheme);
    assert.deepEqual(await troublesOf(browser), [], file);
    const { data } = await browser.send<{ data: string }>("Page.captureScreenshot", { format: "png" });
    writeFileSync(join(DOCS, file), Buffer.from(data, "base64"));
  }
  assert.deepEqual(browser.complaints, []);
} finally {
  await browser.close();
  stop.abort();
  rmSync(folder, { recursive: true });
}
