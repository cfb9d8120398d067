/**
 * The format of an answer, negotiated from the Accept header.
 *
 * Among formats that the client accepts equally, the server's own order decides, and text is first. A client that accepts
 * JSON, text and anything (the default of axios) therefore gets text. To get JSON, a client must accept JSON only. The one
 * parameter that is understood is a quality of the form `q=0.5`: any other one ends the list before its media type.
 */
export type Format = "text" | "json" | "yaml";

/** The server's media types in its order of preference. */
const MEDIA_TYPES: ReadonlyMap<string, Format> = new Map([
  ["text/plain", "text"],
  ["application/json", "json"],
  ["application/yaml", "yaml"],
  ["application/x-yaml", "yaml"],
  ["text/yaml", "yaml"],
  ["text/x-yaml", "yaml"],
]);

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

/** A media type, what follows it, and a quality as the real server reads it: `.5` and `2` are none. */
const TYPE = /^([^\s"(),:;<=>?@[\\\]{}]+)\s*(.*)$/s;
const QUALITY = /^;\s*q=([01](?:\.\d*)?)\s*(.*)$/s;

/** Picks the highest quality, then the most exact match, then the first in the server's order. Text if nothing matches. */
export function negotiateFormat(accept: string | undefined): Format {
  let best: { format: Format; quality: number; exactness: number } | undefined;
  const ranges = parseMediaRanges(accept ?? "");
  for (const [mediaType, format] of MEDIA_TYPES) {
    for (const { type, quality } of ranges) {
      const exactness = exactnessOf(type, mediaType);
      if (quality === 0 || exactness === 0) continue;
      const isBetter =
        best === undefined ||
        quality > best.quality ||
        (quality === best.quality && exactness > best.exactness);
      if (isBetter) best = { format, quality, exactness };
    }
  }
  return best?.format ?? "text";
}

/** The ranges of a header, up to the first one that is not understood. */
function parseMediaRanges(header: string): MediaRange[] {
  const ranges: MediaRange[] = [];
  for (let rest: string | undefined = header; rest !== undefined; ) {
    const [, type, after = ""]: readonly string[] = TYPE.exec(rest) ?? [];
    if (type === undefined) break;
    const [, quality, behind]: readonly string[] = after.startsWith(";")
      ? (QUALITY.exec(after) ?? [])
      : ["", "1", after];
    if (quality === undefined) break;
    ranges.push({ type, quality: Number(quality) });
    rest = /^,\s*(.*)$/s.exec(behind ?? "")?.[1];
  }
  return ranges;
}

/** 3 for the exact media type, 2 for `type/*`, 1 for a range of any type, 0 for no match. */
function exactnessOf(range: string, mediaType: string): 0 | 1 | 2 | 3 {
  if (range === mediaType) return 3;
  if (range === "*/*") return 1;
  return range.endsWith("/*") && mediaType.startsWith(range.slice(0, -1)) ? 2 : 0;
}
