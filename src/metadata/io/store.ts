/**
 * The agent's store of what metadata said: the last complete reading, and the membership over all readings.
 *
 * Both are written to STATE_DIR, so a restart during a metadata outage keeps the VIPs.
 */

import type { StateDir } from "../../system/io/state-dir.ts";
import { parseLastGood } from "../last-good.ts";
import { listMembers, listsOwnContainer, type Member, memberAddresses } from "../members.ts";
import {
  type Membership,
  nextReadingMs,
  readmitMember,
  rememberedMembership,
  updateMembership,
} from "../membership.ts";
import { type Snapshot, standaloneSnapshot } from "../snapshot.ts";
import type { MetadataView } from "../view.ts";

export interface MetadataStore {
  /** Undefined until a reading was added or an earlier run's is used. */
  readonly view: MetadataView | undefined;
  /** The host that an earlier run verified to be this one. */
  readonly rememberedHostUuid: string | undefined;
  /** The last reading of this run; undefined while there is none, whatever an earlier run remembered. */
  readonly liveSnapshot: Snapshot | undefined;
  /** @returns when metadata must be read again so that a missing member can be dropped, by the clock of `nowMs`. */
  addReading(snapshot: Snapshot, nowMs: number): number | undefined;
  /**
   * Makes a member again of one that left in this run, as its adverts are heard from `address`.
   *
   * @returns that member; undefined where none that left has the address.
   */
  readmit(address: string): Member | undefined;
  /** Name of the member with the address. */
  hostNameOf(address: string): string | undefined;
  /** Writes the last reading to STATE_DIR. @throws {AgentError} CONF_UNWRITABLE */
  save(): Promise<void>;
  /** Takes what an earlier run saved for the view, unless there is one. @returns the view, where it is new. */
  useLastGood(): MetadataView | undefined;
  /** Takes this host alone for the view: METADATA_URL is off. */
  useStandalone(hostName: string): MetadataView;
}

/** @param graceMs how long a member must be missing before it is dropped. */
export async function createMetadataStore(stateDir: StateDir, graceMs: number): Promise<MetadataStore> {
  const lastGood = parseLastGood(await stateDir.read("last-good.json"));
  let membership: Membership = rememberedMembership(lastGood?.members ?? []);
  let formerMembers: readonly Member[] = [];
  let view: MetadataView | undefined;
  let saved = "";

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
      formerMembers = [...formerMembers, ...before].filter(({ hostUuid }) => !present.has(hostUuid));
      view = { origin: "live", snapshot, members: membership.map(({ member }) => member) };
      return nextReadingMs(membership, graceMs);
    },
    readmit: (address) => {
      const member = formerMembers.find((one) => memberAddresses(one).includes(address));
      if (member === undefined || view?.origin !== "live") return undefined;
      membership = readmitMember(membership, member);
      formerMembers = formerMembers.filter((one) => one !== member);
      view = { ...view, members: membership.map((entry) => entry.member) };
      return member;
    },
    hostNameOf: (address) => view?.members.find((one) => memberAddresses(one).includes(address))?.hostName,
    save: async () => {
      if (view?.origin !== "live") return;
      const { snapshot, members } = view;
      // a busy environment draws a version each second: a new version alone is not worth a write
      const content = JSON.stringify({ snapshot: { ...snapshot, version: "" }, members });
      if (content === saved) return;
      await stateDir.write("last-good.json", { snapshot, members });
      saved = content;
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
