/** Paths and numbers that the text names, beside the Desired state. */
export interface ConfPaths {
  /** FIFO that keepalived tells its transitions through. */
  readonly notifyFifo: string;
  /** Directory of the track files, one a group: `health-NAME`. */
  readonly trackDir: string;
  /** File for the messages of a reload that keepalived refused. */
  readonly reloadCheckLog: string;
}

/** The paths that keepalived.conf names, in the directory `STATE_DIR`. */
export function confPathsIn(stateDir: string): ConfPaths {
  return {
    notifyFifo: `${stateDir}/vrrp.fifo`,
    trackDir: stateDir,
    reloadCheckLog: `${stateDir}/reload-check.log`,
  };
}

/** The file that tells keepalived whether this host may own the VIPs of a group: `1`, and anything else is no. */
export function trackFileOf(trackDir: string, group: string): string {
  return `${trackDir}/health-${group}`;
}
