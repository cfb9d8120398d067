/** The settings that are compared: each arm has three hosts of its own, and all arms are played in one run. */

export interface Arm {
  readonly name: string;
  readonly intervalSeconds: number;
  /** How long a late owner is asked. Undefined: it is never asked, as with keepalived alone. */
  readonly windowSeconds: number | undefined;
  /** Whether adverts are sent by multicast. */
  readonly isMulticast: boolean;
}

/** For each interval an arm without asking, and one for each window. */
export function armsOf(intervals: readonly number[], windows: readonly number[], isMulticast = false): Arm[] {
  return intervals.flatMap((intervalSeconds) =>
    [undefined, ...windows].map((windowSeconds) => ({
      name: armName(intervalSeconds, windowSeconds),
      intervalSeconds,
      windowSeconds,
      isMulticast,
    })),
  );
}

/**
 * Settings of the arm's agents. keepalived has no real-time priority: a container may be refused it, and the kernel puts no
 * process with it into a CPU cgroup.
 */
export function envOf({
  intervalSeconds,
  windowSeconds,
  isMulticast,
}: Arm): Readonly<Record<string, string>> {
  return {
    ADVERT_INTERVAL: String(intervalSeconds),
    OWNER_PROBE: String(windowSeconds ?? "off"),
    UNICAST: String(!isMulticast),
    VRRP_SCHEDULING: "normal",
  };
}

function armName(intervalSeconds: number, windowSeconds: number | undefined): string {
  const way = windowSeconds === undefined ? "plain" : `asking ${windowSeconds} s`;
  return `${intervalSeconds} s, ${way}`;
}
