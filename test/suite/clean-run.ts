/**
 * Runs once in vitest's own process. It removes the namespaces that a killed run has left, and those of this run where a
 * signal ends it before the test files can, as a time limit or Ctrl-C does: vitest kills its workers then.
 */
import { guardExit } from "../e2e/lab/exit-guard.ts";
import { namespacesMadeBy, removeNamespaces, sweepStaleLabs } from "../e2e/lab/namespace.ts";
import { childPids } from "./own-children.ts";

export function setup(): void {
  sweepStaleLabs();
  guardExit(() => {
    // the signal may have ended workers already
    removeNamespaces(namespacesMadeBy(childPids()));
    sweepStaleLabs();
  });
}
