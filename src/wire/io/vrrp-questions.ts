/**
 * Has each host asked once at a time whether it runs VRRP, whoever wants to know. Its kernel sends an error a second, so
 * questions of several askers would take the answers from each other.
 */

export type FindHostsWithoutVrrp = (addresses: readonly string[]) => Promise<ReadonlySet<string>>;

/** @param find asks by itself. Never rejects. */
export function shareVrrpQuestions(find: FindHostsWithoutVrrp): FindHostsWithoutVrrp {
  const asked = new Map<string, Promise<ReadonlySet<string>>>();
  return async (addresses) => {
    const fresh = [...new Set(addresses)].filter((address) => !asked.has(address));
    const question = fresh.length === 0 ? undefined : find(fresh);
    void question?.finally(() => {
      for (const address of fresh) asked.delete(address);
    });
    if (question !== undefined) for (const address of fresh) asked.set(address, question);
    const found = await Promise.all(addresses.map((address) => asked.get(address)));
    return new Set(addresses.filter((address, index) => found[index]?.has(address)));
  };
}
