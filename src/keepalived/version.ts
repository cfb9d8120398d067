/** The version in the output of `keepalived --version`, as `2.2.7`; undefined where there is none. */
export function parseKeepalivedVersion(output: string): string | undefined {
  return /^Keepalived v(\d+\.\d+(?:\.\d+)?)\b/m.exec(output)?.[1];
}
