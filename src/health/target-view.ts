/** What the command `check` finds behind one published port at this moment. */
import type { Route } from "../network/ip-json.ts";
import type { TranslationTarget } from "../ports/translation-target.ts";
import type { PathFault } from "./target-path.ts";

/** Whether the target answers. The reasons are ids, which never change. */
export interface TargetView {
  readonly reason: "target-accepts" | "target-failed" | "target-reachable" | "target-not-tried";
  readonly detail: string;
}

/** What can stop a client's packet on the way to the target. */
export interface PathView {
  /** `open` where nothing surely stops it. */
  readonly reason: "open" | "not-forwarded" | PathFault["reason"];
  readonly detail: string;
}

export interface BehindPort {
  readonly target: TargetView;
  /** Absent where the target is this host, or not one. */
  readonly path?: PathView;
}

/** What was read about the path. */
export interface PathSight {
  readonly setting: string;
  /** Of `setting`; undefined where it cannot be read. */
  readonly value: number | undefined;
  readonly route: Route;
  readonly isForwarded: boolean;
  readonly fault: PathFault | undefined;
}

const WHY_NOT_TRIED = {
  "this-host": "the packet stays on this host; CHECK_TCP can check the port",
  several: "the rules name several targets",
} as const;

export function notTried(kind: Exclude<TranslationTarget["kind"], "host">): BehindPort {
  return { target: { reason: "target-not-tried", detail: WHY_NOT_TRIED[kind] } };
}

export function describePath({ setting, value, route, isForwarded, fault }: PathSight): PathView {
  const facts = [
    value === undefined ? `${setting} cannot be read` : `${setting} is ${value}`,
    routeText(route),
    "FORWARD does not certainly drop it",
  ];
  if (fault !== undefined) return fault;
  return {
    reason: isForwarded ? "open" : "not-forwarded",
    detail: facts.slice(0, isForwarded ? 3 : 2).join(", "),
  };
}

/** Whether a client of the port is certainly not served now, or nothing answers. */
export function isTroubled({ target, path }: BehindPort): boolean {
  return (
    target.reason === "target-failed" ||
    (path !== undefined && path.reason !== "open" && path.reason !== "not-forwarded")
  );
}

function routeText(route: Route): string {
  switch (route.kind) {
    case "direct":
      return `route by ${route.link ?? "an interface"}`;
    case "gateway":
      return `route by ${route.link ?? "a gateway"} to ${route.gateway}`;
    case "none":
      return "no route of this host's own";
    case "unknown":
      return "route not known";
  }
}
