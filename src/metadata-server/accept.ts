/**
 * The format of an answer, negotiated from the Accept header.
 *
 * Among formats that the client accepts equally, the server's own order decides, and text is first. A client that accepts
 * JSON, text and anything (the default of axios) therefore gets text. To get JSON, a client must accept JSON only.
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

/** Picks the highest quality, then the most exact match, then the first in the server's order. Text if nothing matches. */
export function negotiateFormat(accept: string | undefined): Format {
  let best: { format: Format; quality: number; exactness: number } | undefined;
  const ranges = (accept ?? "").split(",").map(parseMediaRange);
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

function parseMediaRange(text: string): MediaRange {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim());
  const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  return { type, quality: quality === undefined ? 1 : Number(quality) || 0 };
}

/** 3 for the exact media type, 2 for `type/*`, 1 for a range of any type, 0 for no match. */
function exactnessOf(range: string, mediaType: string): 0 | 1 | 2 | 3 {
  if (range === mediaType) return 3;
  if (range === "*/*") return 1;
  return range.endsWith("/*") && mediaType.startsWith(range.slice(0, -1)) ? 2 : 0;
}
