/** What all plots share: SVG without script, font or anything fetched, readable on light and on dark pages. */

export const WIDTH = 760;
/** Where the topmost grid line begins. */
export const TOP = 46;

const STYLE = `
    text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; fill: #1f2733; }
    .title { font-size: 15px; font-weight: 600; }
    .end { text-anchor: end; }
    .middle { text-anchor: middle; }
    .faint { fill: #566273; }
    .page { fill: #ffffff; }
    .grid { stroke: #c9d1dc; }
    .target { stroke: #14804f; stroke-width: 2; stroke-dasharray: 4 3; }
    .bar { fill: currentColor; fill-opacity: 0.35; }
    .dot { fill: currentColor; }
    .line { fill: none; stroke: currentColor; stroke-width: 2; }
    .color0 { color: #2f6bce; }
    .color1 { color: #a8550b; }
    .color2 { color: #7a4fb5; }
    .color3 { color: #60707f; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6ebf2; }
      .faint { fill: #9aa7b8; }
      .page { fill: #12171e; }
      .grid { stroke: #3a4553; }
      .target { stroke: #46c58c; }
      .color0 { color: #79a8f7; }
      .color1 { color: #e8a05c; }
      .color2 { color: #b996ea; }
      .color3 { color: #a5b3c1; }
    }
`;
export interface PlotText {
  readonly title: string;
  readonly unit: string;
  /** For those who do not see the plot. */
  readonly description: string;
}

/** A row or a line: 0 for what the plot is about, 3 for what it is compared with. */
export type Color = 0 | 1 | 2 | 3;

export function svg({ title, unit, description }: PlotText, height: number, body: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title description">`,
    `  <title id="title">${escapeXml(title)}</title>`,
    `  <desc id="description">${escapeXml(description)}</desc>`,
    `  <style>${STYLE}  </style>`,
    `  <rect class="page" width="${WIDTH}" height="${height}"/>`,
    `  <text class="title" x="14" y="24">${escapeXml(`${title} (${unit})`)}</text>`,
    ...body.map((line) => `  ${line}`),
    "</svg>\n",
  ].join("\n");
}

/** A tenth of a pixel is enough, and keeps files small. */
export function pixels(value: number): number {
  return Math.round(value * 10) / 10;
}

export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
