/** How a host is named in every sentence: the log, the status, the journal and the page use the same words. */

/** Name of the host that sends from an address; undefined where metadata does not list it. */
export type HostNameOf = (address: string) => string | undefined;

/** `node-2 (192.0.2.12)`, or the address alone. Not escaped. @param more what stands behind the address, such as its MAC. */
export function hostText(address: string, name: string | undefined, more?: string): string {
  const details = more === undefined ? [] : [more];
  if (name !== undefined) return `${name} (${[address, ...details].join(", ")})`;
  return more === undefined ? address : `${address} (${more})`;
}
