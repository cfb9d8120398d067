/**
 * Records the addresses that keepalived may have put on an interface, so that none stays there without a keepalived.
 *
 * An address is recorded before keepalived learns of it and forgotten after it is removed, also across restarts of the
 * agent: keepalived itself removes only what its present configuration names. If the record cannot be written, this run
 * still remembers it: a new peer must not wait for space on a disk.
 */
import type { Logger } from "pino";
import { parseHeldAddresses } from "../../conf/applied.ts";
import { deleteAddress, findAddresses } from "../../network/io/iproute.ts";
import type { StateDir } from "../../system/io/state-dir.ts";
import { type Instance, vipsOf } from "../../vrrp/instance.ts";

export interface HeldVips {
  readonly addresses: ReadonlySet<string>;
  /** Records the VIPs of instances that keepalived is about to run, in addition to the recorded ones. Never rejects. */
  add(instances: readonly Instance[]): Promise<void>;
  /**
   * Removes and forgets all addresses but those of `instances`, which keepalived has confirmed.
   *
   * @throws {AgentError} ADDRESS_STUCK, CONF_UNWRITABLE
   */
  keepOnly(instances: readonly Instance[]): Promise<void>;
  /**
   * Removes the addresses of `unwanted` that are recorded, from every interface but loopback. Never rejects.
   *
   * @param isOwned called just before each removal, as this host may have become owner since: an owned address stays.
   */
  remove(unwanted: ReadonlySet<string>, isOwned: (address: string) => boolean): Promise<void>;
  /**
   * Removes every recorded address from every interface but loopback, while no keepalived runs. Never rejects.
   *
   * @returns whether an earlier run recorded its VIPs and all of them are removed, so that none can be left.
   */
  removeAll(): Promise<boolean>;
}

export interface HeldVipsOptions {
  /** Called with the recorded addresses, at first and whenever they change. */
  readonly onHeldVips: (addresses: ReadonlySet<string>) => void;
  /** Called with all instances whose VIPs may be on an interface, before keepalived learns of them. */
  readonly onInstances: (instances: readonly Instance[]) => void;
  readonly log: Logger;
}

export async function createHeldVips(
  stateDir: StateDir,
  { onHeldVips, onInstances, log }: HeldVipsOptions,
): Promise<HeldVips> {
  const record = await stateDir.read("addresses.json");
  let addresses: ReadonlySet<string> = new Set(parseHeldAddresses(record));
  let written = addresses;

  let holders: readonly Instance[] = [];
  const setHolders = (next: readonly Instance[]) => {
    holders = next;
    onInstances(holders);
  };

  const setAddresses = (next: ReadonlySet<string>): void => {
    if (isSameSet(next, addresses)) return;
    addresses = next;
    onHeldVips(addresses);
  };
  const write = async (next: ReadonlySet<string>): Promise<void> => {
    if (isSameSet(next, written)) return;
    await stateDir.write("addresses.json", [...next].sort());
    written = next;
  };
  onHeldVips(addresses);

  const remove = async (unwanted: ReadonlySet<string>, isOwned = (_: string) => false): Promise<void> => {
    for (const local of unwanted.size === 0 ? [] : await findAddresses(unwanted)) {
      if (isOwned(local.address)) continue;
      await deleteAddress(local);
      log.warn({ address: local.address, interface: local.interface }, "leftover virtual IP removed");
    }
  };

  const tryToRemove = async (...what: Parameters<typeof remove>): Promise<boolean> => {
    try {
      await remove(...what);
      return true;
    } catch (err) {
      log.error({ err }, "virtual IPs were not removed");
      return false;
    }
  };

  return {
    get addresses() {
      return addresses;
    },
    add: async (instances) => {
      setHolders([...holders, ...instances]);
      setAddresses(addresses.union(addressesOf(instances)));
      const warn = (err: unknown) => log.warn({ err }, "virtual IPs were not recorded");
      await write(addresses).catch(warn);
    },
    keepOnly: async (instances) => {
      const wanted = addressesOf(instances);
      await remove(addresses.difference(wanted));
      await write(wanted);
      setAddresses(wanted);
      setHolders(instances);
    },
    remove: async (unwanted, isOwned) => void (await tryToRemove(unwanted.intersection(addresses), isOwned)),
    removeAll: async () => (await tryToRemove(addresses)) && record !== undefined,
  };
}

function addressesOf(instances: readonly Instance[]): Set<string> {
  return new Set(instances.flatMap(vipsOf));
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && a.isSubsetOf(b);
}
