/**
 * The memory of planned changes: STATE_DIR/changes.json.
 *
 * A change goes on if the file cannot be written. But at its next start this host then listens for its groups like a host
 * that knows nothing of the change.
 */
import type { StateDir } from "../../system/io/state-dir.ts";
import type { Instance } from "../../vrrp/instance.ts";
import type { PlannedChange } from "../planned-change.ts";
import { changesJson, parseChanges, type RememberedChanges } from "../remembered.ts";

export interface ChangeMemory {
  /** The former groups that an earlier run remembered for a group. They are given once. */
  take(group: string): readonly Instance[];
  /** The remembered groups that were not taken yet, by group. */
  readonly remembered: RememberedChanges;
  /** Writes the changes under way, and what was not taken yet. Never rejects. */
  write(changes: ReadonlyMap<string, PlannedChange>): Promise<void>;
  /** A sentence for the operator if the last write failed. */
  readonly problem: string | undefined;
}

export async function openChangeMemory(stateDir: StateDir): Promise<ChangeMemory> {
  const remembered = new Map(parseChanges(await stateDir.read("changes.json")));
  let written = JSON.stringify(changesJson(remembered));
  let problem: string | undefined;
  return {
    take: (group) => {
      const formerGroups = remembered.get(group) ?? [];
      remembered.delete(group);
      return formerGroups;
    },
    remembered,
    write: async (changes) => {
      const current = [...changes].map(([group, { formerGroups }]) => [group, formerGroups] as const);
      const json = changesJson(new Map([...remembered, ...current]));
      const text = JSON.stringify(json);
      if (text === written) return;
      try {
        await stateDir.write("changes.json", json);
        [written, problem] = [text, undefined];
      } catch (error) {
        problem = `${error instanceof Error ? error.message : error}, so a restart during a planned change would forget the change`;
      }
    },
    get problem() {
      return problem;
    },
  };
}
