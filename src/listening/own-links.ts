/** The addresses of this host on its links, to compare with what is heard there. */

/** The host's own addresses: link-layer addresses by interface, and every IP address. Also the interfaces that are down. */
export interface OwnLinks {
  readonly addresses: ReadonlySet<string>;
  readonly macs: ReadonlyMap<string, string>;
  readonly linkLocals: ReadonlyMap<string, string>;
  readonly down: ReadonlySet<string>;
}
