/**
 * The agent's store of what metadata said: the last complete reading, and the membership over all readings.
 *
 * Both are written to STATE_DIR, so a restart during a metadata outage keeps the VIPs.
 */

import type { StateDir } from "../../system/io/state-dir.ts";
import { createSerialQueue } from "../../system/serial-queue.ts";
import { membersToAsk, nextReadingMs, withoutStopped } from "../departure.ts";
import { parseLastGood } from "../last-good.ts";
import {
  listMembers,
  listRestingMembers,
  listsOwnContainer,
  type Member,
  memberAddresses,
} from "../members.ts";
import { hearMember, rememberedMembership, updateMembership } from "../membership.ts";
import type { Membership } from "../membership-entry.ts";
import { type Snapshot, standaloneSnapshot } from "../snapshot.ts";
import type { MetadataView } from "../view.ts";

export interface MetadataStore {
  /** Undefined until a reading was added or an earlier run's is used. */
  readonly view: MetadataView | undefined;
  /** Whether metadata may still answer in time. What an earlier run saved is not used before that. */
  readonly isAwaited: boolean;
  /** The host that an earlier run verified to be this one. */
  readonly rememberedHostUuid: string | undefined;
  /** The last reading of this run; undefined while there is none, whatever an earlier run remembered. */
  readonly liveSnapshot: Snapshot | undefined;
  /** The members, before the first reading those of an earlier run. */
  readonly memberUuids: readonly string[];
  /** @returns when metadata must be read again so that a missing member can be dropped, by the clock of `nowMs`. */
  addReading(snapshot: Snapshot, nowMs: number): number | undefined;
  /**
   * Notes that an advert came from `address`. If it belongs to a member that left in this run, that host is a member
   * again.
   *
   * @returns `member`; `readmitted` if it had left; `unknown` if the address belongs to neither.
   */
  hear(address: string, nowMs: number): "member" | "readmitted" | "unknown";
  /** Makes a member of a host whose adverts are heard. @returns false while there is no live reading. */
  admit(member: Member, nowMs: number): boolean;
  /** The missing members whose hosts must be asked whether they run VRRP before they can be dropped. */
  membersToAsk(nowMs: number): readonly Member[];
  /** Drops the members of `membersToAsk` whose hosts run no VRRP. */
  dropStopped(hostUuids: ReadonlySet<string>, nowMs: number): void;
  /** Notes that any member may have been heard just now. */
  hearAll(nowMs: number): void;
  /** Name of the member with the address. */
  hostNameOf(address: string): string | undefined;
  /** Writes the last reading to STATE_DIR. @throws {AgentError} CONF_UNWRITABLE */
  save(): Promise<void>;
  /**
   * Stops waiting: uses what an earlier run saved as the view, unless there is a view. @returns the view, if it is new.
   */
  useLastGood(): MetadataView | undefined;
  /** Uses this host alone as the view: METADATA_URL is off. */
  useStandalone(hostName: string): MetadataView;
}

/** @param graceMs how long a member must be missing before it is dropped. */
export async function createMetadataStore(stateDir: StateDir, graceMs: number): Promise<MetadataStore> {
  const lastGood = parseLastGood(await stateDir.read("last-good.json"));
  let membership: Membership = rememberedMembership(lastGood?.members ?? []);
  let formerMembers: readonly Member[] = [];
  let view: MetadataView | undefined;
  let isAwaited = true;
  let saved = "";
  const enqueue = createSerialQueue();

  const setMembership = (next: Membership): void => {
    const known = [...formerMembers, ...membership.map(({ member }) => member)];
    membership = next;
    const present = new Set(membership.map(({ member }) => member.hostUuid));
    formerMembers = known.filter(({ hostUuid }) => !present.has(hostUuid));
    if (view?.origin === "live") view = { ...view, members: membership.map(({ member }) => member) };
  };
  const admit = (member: Member, nowMs: number): boolean => {
    if (view?.origin !== "live") return false;
    setMembership(hearMember(membership, member, nowMs));
    return true;
  };

  return {
    get view() {
      return view;
    },
    get isAwaited() {
      return isAwaited;
    },
    rememberedHostUuid: lastGood?.snapshot.self.uuid,
    get liveSnapshot() {
      return view?.origin === "live" ? view.snapshot : undefined;
    },
    get memberUuids() {
      return membership.map(({ member }) => member.hostUuid);
    },
    addReading: (snapshot, nowMs) => {
      const isComplete = listsOwnContainer(snapshot);
      const hostUuids = new Set(snapshot.hosts.map(({ uuid }) => uuid));
      const resting = listRestingMembers(snapshot);
      const reading = { nowMs, graceMs, isComplete, resting, hostUuids };
      setMembership(updateMembership(membership, listMembers(snapshot), reading));
      view = { origin: "live", snapshot, members: membership.map(({ member }) => member) };
      // an incomplete reading drops no member, however often it is repeated
      return isComplete ? nextReadingMs(membership, graceMs, nowMs) : undefined;
    },
    hear: (address, nowMs) => {
      const isFrom = (member: Member) =>
        [...memberAddresses(member), ...member.formerAddresses].includes(address);
      const known = membership.find(({ member }) => isFrom(member));
      if (known !== undefined) {
        membership = hearMember(membership, known.member, nowMs, address);
        return "member";
      }
      const former = formerMembers.find(isFrom);
      return former !== undefined && admit(former, nowMs) ? "readmitted" : "unknown";
    },
    admit,
    membersToAsk: (nowMs) => membersToAsk(membership, graceMs, nowMs),
    dropStopped: (hostUuids, nowMs) => {
      setMembership(withoutStopped(membership, hostUuids, graceMs, nowMs));
    },
    hearAll: (nowMs) => {
      membership = membership.map((entry) => ({ ...entry, heardMs: nowMs }));
    },
    hostNameOf: (address) => view?.members.find((one) => memberAddresses(one).includes(address))?.hostName,
    save: () =>
      enqueue(async () => {
        if (view?.origin !== "live") return;
        const { snapshot, members } = view;
        // a busy environment draws a version each second: a new version alone is not worth a write
        const content = JSON.stringify({ snapshot: { ...snapshot, version: "" }, members });
        if (content === saved) return;
        await stateDir.write("last-good.json", { snapshot, members });
        saved = content;
      }),
    useLastGood: () => {
      isAwaited = false;
      if (view !== undefined || lastGood === undefined) return undefined;
      view = { origin: "last-good", ...lastGood };
      return view;
    },
    useStandalone: (hostName) => {
      view = { origin: "off", snapshot: standaloneSnapshot(hostName), members: [] };
      return view;
    },
  };
}
