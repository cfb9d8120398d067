/** YAML as Rancher's parsers and docker-compose read it, which is YAML 1.1: `no` is false, and so is the key `n`. */
import { isScalar, parseDocument, Scalar, visit } from "yaml";

/** @throws {Error} for text that is no YAML, or has a key twice. */
export function parseYaml(text: string): unknown {
  return documentOf(text).toJS();
}

/** Keys that are no text to YAML 1.1, on which Rancher's parsers panic; and words without quotes that it takes for booleans. */
export function ambiguousWords(text: string): string[] {
  const found: string[] = [];
  visit(documentOf(text), {
    Scalar(key, node) {
      if (node.type !== Scalar.PLAIN) return;
      const isOddKey = key === "key" && typeof node.value !== "string" && node.source !== "<<";
      if (isOddKey || /^(y|n|yes|no|on|off)$/i.test(node.source ?? "")) found.push(String(node.source));
    },
    Pair(_, { key }) {
      if (!isScalar(key)) found.push(String(key));
    },
  });
  return found;
}

function documentOf(text: string) {
  const document = parseDocument(text, { version: "1.1" });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw problem;
  return document;
}
