/**
 * The form of an answer that the Accept header asks for.
 *
 * Among forms that are wanted equally the server prefers its own order, text first. So a client that accepts
 * JSON, text and anything, as axios does by itself, gets text: JSON has to be asked for alone.
 */
export type Format = "text" | "json" | "yaml";

/** In the server's order. */
const OFFERS: ReadonlyMap<string, Format> = new Map([
  ["text/plain", "text"],
  ["application/json", "json"],
  ["application/yaml", "yaml"],
  ["application/x-yaml", "yaml"],
  ["text/yaml", "yaml"],
  ["text/x-yaml", "yaml"],
]);

interface Range {
  readonly type: string;
  readonly quality: number;
}

/** The offer of the highest quality, then of the most exact match, then the first. Text where nothing matches. */
export function negotiateFormat(accept: string | undefined): Format {
  let best: { format: Format; quality: number; exactness: number } | undefined;
  const ranges = (accept ?? "").split(",").map(parseRange);
  for (const [offer, format] of OFFERS) {
    for (const { type, quality } of ranges) {
      const exactness = exactnessOf(type, offer);
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

function parseRange(text: string): Range {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim());
  const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  return { type, quality: quality === undefined ? 1 : Number(quality) || 0 };
}

/** 3 for the type itself, 2 for `type/*`, 1 for anything, 0 for no match. */
function exactnessOf(range: string, offer: string): 0 | 1 | 2 | 3 {
  if (range === offer) return 3;
  if (range === "*/*") return 1;
  return range.endsWith("/*") && offer.startsWith(range.slice(0, -1)) ? 2 : 0;
}
