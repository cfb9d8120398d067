/** Ids that look random but follow from a name, so that priorities and orders are the same in every run. */
import { createHash } from "node:crypto";

/** 64 hex digits, like a Docker id. */
export function hexOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export function uuidOf(text: string): string {
  const hex = hexOf(text);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
