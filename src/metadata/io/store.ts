/**
 * What the agent knows of its surroundings: the last complete reading of metadata and the membership folded from
 * all readings, remembered in STATE_DIR so that a restart during a metadata outage keeps the VIP.
 */

import type { StateDir } from "../../system/io/state-dir.ts";
import { parseLastGood } from "../last-good.ts";
import { listMembers, listsOwnContainer, type Member, memberAddresses } from "../members.ts";
import { type Membership, nextReadingMs, readmitMember, updateMembership } from "../membership.ts";
import type { Snapshot } from "../snapshot.ts";
import { standaloneSnapshot } from "../snapshot.ts";
import type { MetadataView } from "../view.ts";

export interface MetadataStore {
  /** Undefined until something is known. */
  readonly view: MetadataView | undefined;
  /** The host that an earlier run verified to be this one. */
  readonly rememberedHostUuid: string | undefined;
  /** The snapshot of this run's last reading; not one that was remembered. */
  readonly liveSnapshot: Snapshot | undefined;
  /** Takes a reading in. @returns when to read again so that a missing peer can be dropped, ms of `nowMs`'s clock. */
  addReading(snapshot: Snapshot, nowMs: number): number | undefined;
  /**
   * Somebody sends adverts from there who is no peer. One that was a member in this run, and left because metadata did not
   * list it any more, is a member again.
   *
   * @returns that member.
   */
  readmit(address: string): Member | undefined;
  /** Of the member with this address. */
  hostNameOf(address: string): string | undefined;
  /** Writes down what was learnt. @throws {AgentError} CONF_UNWRITABLE */
  save(): Promise<void>;
  /** Falls back on what an earlier run knew. @returns the view, where that made one. */
  useLastGood(): MetadataView | undefined;
  /** There is no metadata: only this host and its settings. */
  useStandalone(hostName: string): MetadataView;
}

export async function createMetadataStore(stateDir: StateDir, graceMs: number): Promise<MetadataStore> {
  const lastGood = parseLastGood(await stateDir.read("last-good.json"));
  let membership: Membership = (lastGood?.members ?? []).map((member) => ({ member, formerSinceMs: {} }));
  let left: readonly Member[] = [];
  let view: MetadataView | undefined;
  let written = "";

  return {
    get view() {
      return view;
    },
    rememberedHostUuid: lastGood?.snapshot.self.uuid,
    get liveSnapshot() {
      return view?.origin === "live" ? view.snapshot : undefined;
    },
    addReading: (snapshot, nowMs) => {
      const isComplete = listsOwnContainer(snapshot);
      const before = membership.map(({ member }) => member);
      membership = updateMembership(membership, listMembers(snapshot), { nowMs, graceMs, isComplete });
      const present = new Set(membership.map(({ member }) => member.hostUuid));
      left = [...left, ...before].filter(({ hostUuid }) => !present.has(hostUuid));
      view = { origin: "live", snapshot, members: membership.map(({ member }) => member) };
      return nextReadingMs(membership, graceMs);
    },
    readmit: (address) => {
      const member = left.find((one) => memberAddresses(one).includes(address));
      if (member === undefined || view?.origin !== "live") return undefined;
      membership = readmitMember(membership, member);
      left = left.filter((one) => one !== member);
      view = { ...view, members: membership.map((tenure) => tenure.member) };
      return member;
    },
    hostNameOf: (address) => view?.members.find((one) => memberAddresses(one).includes(address))?.hostName,
    save: async () => {
      if (view?.origin !== "live") return;
      const { snapshot, members } = view;
      // versions come by the second in a busy environment; a new one alone is not worth a write
      const content = JSON.stringify({ snapshot: { ...snapshot, version: "" }, members });
      if (content === written) return;
      await stateDir.write("last-good.json", { snapshot, members });
      written = content;
    },
    useLastGood: () => {
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
