/**
 * Runs in each worker beside its test file: a file that leaves a network namespace or a process behind fails, and both
 * are removed. Names have the pid of the worker, so other runs on the machine do not matter.
 */
import { afterAll, vi } from "vitest";
import { kill, namespacesMadeBy, removeNamespaces } from "../e2e/lab/namespace.ts";
import { ownChildren } from "./own-children.ts";

/** A process that was told to end may take so long. */
const ENDING_MS = 10_000;

// registered before those of the test file, so it runs after them
afterAll(async () => {
  await vi.waitUntil(() => ownChildren().length === 0, { timeout: ENDING_MS }).catch(() => undefined);
  const [children, namespaces] = [ownChildren(), namespacesMadeBy([process.pid])];
  for (const { pid } of children) kill(pid);
  removeNamespaces(namespaces);
  const left = [...children.map(({ command }) => `process: ${command}`), ...namespaces];
  if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
}, 6 * ENDING_MS);
