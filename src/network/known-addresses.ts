/**
 * Recognises lines of `ip -o monitor` that renew an address and change nothing else.
 *
 * DHCP leases, router advertisements and the leases of VIPs renew the lifetimes of addresses, some several times a
 * second. Nothing that is derived from the network depends on a lifetime, so the network is not read again for such a
 * line.
 */

export interface KnownAddresses {
  /** Whether an earlier line said the same of this address, apart from its lifetimes. Remembers the line. */
  isRenewal(line: string): boolean;
  /** Lines were lost: nothing is known of any address. */
  forget(): void;
}

/** `3: eth0    inet6 2001:db8::50/128 scope global dynamic \       valid_lft 92sec preferred_lft 0sec` */
const ADDRESS = /^(Deleted )?(\d+: )\S+ +(inet6? \S+)(.*?)\\ +valid_lft \S+ preferred_lft \S+$/;
/** `3: eth0: <BROADCAST,MULTICAST,UP> ...` of an interface itself. */
const LINK = /^(\d+: )\S+: </;
/** The kernel's sign of an address whose lifetime ends. */
const HAS_LIFETIME = / dynamic\b/;
/** A host has fewer addresses. Above this number all are forgotten, and each counts as new once. */
const MAX_KNOWN = 4_096;

export function createKnownAddresses(): KnownAddresses {
  const known = new Map<string, string>();
  // an address that survives when its link goes down becomes tentative without a line, and usable again with a line
  // that it had before
  const forgetAddressesOf = (index: string | undefined): void => {
    if (index === undefined) return;
    for (const key of known.keys()) if (key.startsWith(index)) known.delete(key);
  };
  return {
    isRenewal: (line) => {
      const [, deleted, index = "", address = "", rest = ""] = ADDRESS.exec(line) ?? [];
      if (address === "") {
        forgetAddressesOf(LINK.exec(line)?.[1]);
        return false;
      }
      const key = index + address;
      if (deleted !== undefined) {
        known.delete(key);
        return false;
      }
      const text = rest.replace(HAS_LIFETIME, "");
      if (known.get(key) === text) return true;
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(key, text);
      return false;
    },
    forget: () => known.clear(),
  };
}
