/**
 * Finds the host of the own environment that has an address, so that a host whose adverts are heard can be a member although
 * its service does not list it.
 *
 * The list of all hosts is read only when an unknown address is asked for, once for each version, and at most three
 * times in a row and then once in 10 s. So made-up senders cannot overload metadata, and cannot delay a host that
 * starts while metadata changes.
 */
import type { Logger } from "pino";
import { parseHosts } from "../document.ts";
import { type Member, memberAddresses, memberOf } from "../members.ts";
import { isOfEnvironment } from "../own-service.ts";
import type { Host } from "../snapshot.ts";
import type { MetadataGet } from "./metadata-get.ts";

/** The list is read at most this often in a row. */
const READ_BURST = 3;
/** One more reading is due after this time. */
const READ_GAP_MS = 10_000;

export interface HostLookup {
  /** The host with the address, as a member of the service. Undefined for this host. */
  memberAt(address: string): Member | undefined;
  /**
   * Whether another host of the environment has the address. Undefined until the list has been read, and for the
   * addresses that metadata lists for this host: a machine that sends from one of them may be the host that this one is
   * mistaken for.
   */
  isHost(address: string): boolean | undefined;
  /** The addresses of the environment's other hosts, as far as the list has been read. It is read for this, too. */
  readonly addresses: readonly string[];
  /** The addresses that metadata lists for this host. */
  readonly ownAddresses: readonly string[];
}

export interface HostLookupOptions {
  /** Undefined where there is no metadata: then nothing is known of any address. */
  readonly get: MetadataGet | undefined;
  /** This host, once it is known. */
  readonly self: () => Host | undefined;
  /** The version of metadata that was read last. */
  readonly version: () => string | undefined;
  readonly log: Logger;
}

export function createHostLookup({ get, self, version, log }: HostLookupOptions): HostLookup {
  let members: readonly Member[] = [];
  let readVersion: string | undefined;
  let isReading = false;
  let credit = READ_BURST;
  let creditMs = performance.now();

  const read = async (ownHost: Host, readHosts: MetadataGet): Promise<void> => {
    const versionBefore = version();
    const hosts = parseHosts(await readHosts("hosts"));
    members = hosts
      .filter(({ uuid }) => uuid !== ownHost.uuid)
      .filter((host) => isOfEnvironment(host, ownHost.environmentUuid))
      .map(memberOf);
    readVersion = versionBefore;
  };
  const memberAt = (address: string) => members.find((member) => memberAddresses(member).includes(address));
  const isCurrent = (): boolean => readVersion !== undefined && readVersion === version();
  const readIfDue = (): void => {
    const ownHost = self();
    if (isCurrent() || isReading || get === undefined || ownHost === undefined) return;
    const nowMs = performance.now();
    credit = Math.min(READ_BURST, credit + (nowMs - creditMs) / READ_GAP_MS);
    creditMs = nowMs;
    if (credit < 1) return;
    credit -= 1;
    isReading = true;
    void read(ownHost, get)
      .catch((err: unknown) => log.warn({ err }, "the list of hosts was not read"))
      .finally(() => {
        isReading = false;
      });
  };
  const ownAddresses = (): readonly string[] => {
    const ownHost = self();
    return ownHost === undefined ? [] : memberAddresses(memberOf(ownHost));
  };

  return {
    memberAt,
    isHost: (address) => {
      if (memberAt(address) !== undefined) return true;
      if (ownAddresses().includes(address)) return undefined;
      if (isCurrent()) return false;
      readIfDue();
      return undefined;
    },
    get addresses() {
      readIfDue();
      return members.flatMap(memberAddresses);
    },
    get ownAddresses() {
      return ownAddresses();
    },
  };
}
