/**
 * How often keepalived announces the VIPs that this host owns, by gratuitous ARP and unsolicited neighbour advertisements.
 *
 * The rate is bounded for all VIPs together, because switches that inspect ARP drop faster packets, or close the port.
 */
import { type Desired, vipsOf } from "../vrrp/instance.ts";

/** Between two announcements of a takeover: 300 VIPs take about a second. */
const INTERVAL_SECONDS = 0.003;
/** Announcements of a takeover in a second, on a host so busy that it sends only half of them. */
const SLOW_RATE = 150;
/** The shortest time between two refreshes of all VIPs. */
const MIN_REFRESH_SECONDS = 10;

/** Times in seconds. */
export interface AnnouncementTimes {
  readonly announceIntervalSeconds: number;
  /**
   * From the first round of a takeover to the second. An earlier second round would make the last VIPs of the first one
   * wait.
   */
  readonly announceAgainSeconds: number;
  /** From one refresh to the next, at rest: on average at most one announcement a second. */
  readonly refreshSeconds: number;
}

export function announcementTimes({ instances }: Desired): AnnouncementTimes {
  const vipCount = instances.reduce((sum, instance) => sum + vipsOf(instance).length, 0);
  return {
    announceIntervalSeconds: INTERVAL_SECONDS,
    announceAgainSeconds: Math.max(1, Math.ceil(vipCount / SLOW_RATE)),
    refreshSeconds: Math.max(MIN_REFRESH_SECONDS, vipCount),
  };
}
