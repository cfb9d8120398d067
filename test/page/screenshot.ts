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
const stage = await openStage(folder);
const browser = await Browser.open();
try {
  const tab = await browser.openTab(stage.hosts[0].url);
  await tab.untilShown("80/tcp: port-not-published");
  await tab.untilShown("web left node-2");
  for (const { file, size, scheme } of PICTURES) {
    await setScreen(tab, size, scheme);
    assert.deepEqual(await troublesOf(tab), [], file);
    const { data } = await tab.send<{ data: string }>("Page.captureScreenshot", { format: "png" });
    writeFileSync(join(DOCS, file), Buffer.from(data, "base64"));
  }
  assert.deepEqual(tab.complaints, []);
} finally {
  await browser.close();
  await stage.close();
  rmSync(folder, { recursive: true, maxRetries: 20 });
}
