/** `2.2.7` of the output of `keepalived --version`; undefined where it tells none. */
export function parseKeepalivedVersion(output: string): string | undefined {
  return /^Keepalived v(\d+\.\d+(?:\.\d+)?)\b/m.exec(output)?.[1];
}
