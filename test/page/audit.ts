/** What makes the page hard to use for somebody, looked for in the browser: on this screen, as it is shown now. */
import axe from "axe-core";
import type { Tab } from "./browser.ts";

export const PHONE = { width: 390, height: 1_100 };
export const DESK = { width: 1_280, height: 860 };

/** Shows the page on a screen of that size and scheme, and without what moves. */
export async function setScreen(tab: Tab, size: typeof DESK, scheme: "light" | "dark"): Promise<void> {
  const metrics = { ...size, deviceScaleFactor: 1, mobile: size === PHONE };
  await tab.send("Emulation.setDeviceMetricsOverride", metrics);
  const features = [
    { name: "prefers-color-scheme", value: scheme },
    { name: "prefers-reduced-motion", value: "reduce" },
  ];
  await tab.send("Emulation.setEmulatedMedia", { features });
}

/** Sentences: each violation of a rule of axe-core, and what a phone would have to scroll sideways for. */
export async function troublesOf(tab: Tab): Promise<string[]> {
  if (!(await tab.evaluate<boolean>("'axe' in window"))) await tab.evaluate(`${axe.source};undefined`);
  return tab.evaluate<string[]>(`(async () => {
    const { violations, passes } = await axe.run(document, { resultTypes: ["violations"] });
    const troubles = violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => id + ": " + html.slice(0, 200) + ": " + failureSummary));
    if (passes.length < 20) troubles.push("only " + passes.length + " rules passed");
    if (document.documentElement.scrollWidth > innerWidth) troubles.push("scrolls sideways");
    return troubles;
  })()`);
}
