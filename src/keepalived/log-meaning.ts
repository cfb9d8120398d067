/** What a line of keepalived's log can mean: a `kind`, and the values of the line that other code needs. */

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Kinds of lines that carry no values for other code. */
export type PlainKind =
  | "routine"
  | "continued"
  | "started-from"
  | "startup-complete"
  | "reload-complete"
  | "reload-refused"
  | "reload-check-timed-out"
  | "stopped"
  | "already-running"
  | "conf-missing"
  | "conf-fatal"
  | "vrrp-process-restarted"
  | "dump-requested"
  | "entered-master"
  | "entered-backup"
  | "entered-fault"
  | "fault-reason"
  | "track-file-read"
  | "delayed"
  | "own-advert"
  | "two-masters"
  | "routed-advert"
  | "vips-differ"
  | "vip-dropped"
  | "trouble";

export type LogMeaning =
  | { readonly kind: PlainKind }
  | { readonly kind: "vrrp-process-started"; readonly pid: number }
  | { readonly kind: "vrrp-process-died"; readonly cause: string }
  | { readonly kind: "link-down" | "link-up"; readonly interface: string }
  | { readonly kind: "vip-removed"; readonly address: string }
  /** `destination` is undefined for multicast; `error` is the kernel's word. */
  | { readonly kind: "advert-unsent"; readonly destination: string | undefined; readonly error: string }
  | { readonly kind: "unknown-sender"; readonly instance: string; readonly address: string }
  | Yielded;

export interface Yielded {
  readonly kind: "yielded";
  readonly instance: string;
  /** The source address of the advert that this host yielded to. */
  readonly address: string;
  readonly priority: number;
  readonly ownPriority: number;
}
