/** What the status says about the questions to a late owner. */

/** `ownerProbe` of the status. */
export interface OwnerProbeStatus {
  /** OWNER_PROBE; undefined where it is `off`. */
  readonly seconds: number | undefined;
  /** All groups, sorted. Empty where it is `off`. */
  readonly groups: readonly ProbedGroupStatus[];
  /** Why no owner of a group is asked whose adverts are multicast over IPv4. */
  readonly multicastProblem?: string | undefined;
}

export interface ProbedGroupStatus {
  readonly group: string;
  /** Whether the owner is asked if its next advert is late. Never on the owner itself. */
  readonly isReady: boolean;
  /** How often this host took the group over because nobody answered, since the agent started. */
  readonly takeovers: number;
}

export const OWNER_PROBE_OFF: OwnerProbeStatus = { seconds: undefined, groups: [] };
