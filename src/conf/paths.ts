/** The paths that keepalived.conf names. */
export interface ConfPaths {
  /** The FIFO to which keepalived writes its transitions. */
  readonly notifyFifo: string;
  /** The directory of the track files, one for each group: `health-NAME`. */
  readonly trackDir: string;
  /** The file to which keepalived writes why it refused a reload. */
  readonly reloadCheckLog: string;
}

/** The paths in the directory `STATE_DIR`. */
export function confPathsIn(stateDir: string): ConfPaths {
  return {
    notifyFifo: `${stateDir}/vrrp.fifo`,
    trackDir: stateDir,
    reloadCheckLog: `${stateDir}/reload-check.log`,
  };
}

/** The file that tells keepalived whether this host may own the VIPs of a group: it may where the content is `1`. */
export function trackFileOf(trackDir: string, group: string): string {
  return `${trackDir}/health-${group}`;
}
