/** What makes the page hard to use for somebody, looked for in the browser: all texts, as they are shown now. */
import type { Browser } from "./browser.ts";

export const PHONE = { width: 390, height: 1_100 };
export const DESK = { width: 1_050, height: 800 };

/** Shows the page on a screen of that size and scheme. */
export async function setScreen(
  browser: Browser,
  size: typeof DESK,
  scheme: "light" | "dark",
): Promise<void> {
  const metrics = { ...size, deviceScaleFactor: 1, mobile: size === PHONE };
  await browser.send("Emulation.setDeviceMetricsOverride", metrics);
  const features = [{ name: "prefers-color-scheme", value: scheme }];
  await browser.send("Emulation.setEmulatedMedia", { features });
}

/** Sentences: what a phone would have to scroll sideways for, what lacks contrast (WCAG AA: 4.5), what has no name. */
export function troublesOf(browser: Browser): Promise<string[]> {
  return browser.evaluate<string[]>(`(${lookAround})()`);
}

/** Runs in the page. */
const lookAround = String.raw`() => {
  const troubles = [];
  if (document.documentElement.scrollWidth > innerWidth) troubles.push("scrolls sideways");
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = numbers(colour).map((part) => part / 255).map((part) => part <= .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const backOf = (element) => {
    for (let each = element; each !== null; each = each.parentElement) {
      const { backgroundColor } = getComputedStyle(each);
      if ((numbers(backgroundColor)[3] ?? 1) === 1) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (texts.currentNode.data.trim() === "" || !element.checkVisibility() || element.closest("script, style")) continue;
    seen += 1;
    const [low, high] = [luminance(getComputedStyle(element).color), luminance(backOf(element))].sort((a, b) => a - b);
    const contrast = (high + .05) / (low + .05);
    if (contrast < 4.5) troubles.push("contrast " + contrast.toFixed(1) + ": " + texts.currentNode.data);
  }
  if (seen < 20) troubles.push("only " + seen + " texts");
  const isNamed = (element) => element.ariaLabel || element.ariaLabelledByElements?.length > 0;
  for (const element of document.querySelectorAll("section, [role=region], ul.vips")) {
    if (!isNamed(element)) troubles.push("no name: " + element.outerHTML.slice(0, 60));
  }
  for (const input of document.querySelectorAll("input")) if (input.labels.length === 0) troubles.push("an input without a label");
  for (const table of document.querySelectorAll("table")) {
    if (table.caption === null || table.querySelector("th:not([scope])") !== null) troubles.push("a table without caption or scopes");
  }
  if (document.querySelectorAll("h1").length !== 1) troubles.push("not one h1");
  return troubles;
}`;
