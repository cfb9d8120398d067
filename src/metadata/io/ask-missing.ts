/**
 * Drops members that metadata no longer lists, once it is shown that their hosts run no VRRP.
 *
 * A silent member may be a running backup. Without adverts it would become a second owner, so it is asked first.
 */
import type { Logger } from "pino";
import { DOCKER0_ADDRESS } from "../../network/shared-address.ts";
import { type Member, memberAddresses } from "../members.ts";
import type { MetadataStore } from "./store.ts";

export interface AskMissingOptions {
  readonly metadata: MetadataStore;
  /** The addresses whose hosts run no VRRP. Never rejects. */
  readonly findHostsWithoutVrrp: (addresses: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Members left. */
  readonly onLeft: () => void;
  readonly log: Logger;
}

/** @returns the function to call after each reading. It returns at once, and asks each host once at a time. */
export function createAskMissing(options: AskMissingOptions): () => void {
  const { metadata, findHostsWithoutVrrp, onLeft, log } = options;
  let isAsking = false;

  const ask = async (): Promise<void> => {
    const members = metadata.membersToAsk(performance.now());
    const silent = await findHostsWithoutVrrp(members.flatMap(addressesOf));
    // a member without an address cannot be asked
    const stopped = members.filter((member) => {
      const addresses = addressesOf(member);
      return addresses.length > 0 && addresses.every((each) => silent.has(each));
    });
    if (stopped.length === 0) return;
    metadata.dropStopped(new Set(stopped.map(({ hostUuid }) => hostUuid)), performance.now());
    for (const { hostName } of stopped) log.info({ host: hostName }, "host without VRRP is no longer a peer");
    onLeft();
    // the next reading may be hours away, and an agent that starts while metadata is away goes by what is saved
    await metadata.save().catch((err: unknown) => log.warn({ err }, "metadata was not saved"));
  };

  return () => {
    if (isAsking || metadata.membersToAsk(performance.now()).length === 0) return;
    isAsking = true;
    void ask().finally(() => {
      isAsking = false;
    });
  };
}

/**
 * Where the member sends from, and where it sent from a moment ago. docker0's address is this host's own, too: a host
 * that asks there asks itself, and always hears that VRRP runs.
 */
function addressesOf(member: Member): string[] {
  const all = [...memberAddresses(member), ...member.formerAddresses];
  return all.filter((address) => address !== DOCKER0_ADDRESS);
}
