/** Where the value of a setting came from. */
import { escapeText } from "../text/escape.ts";

export interface Source {
  readonly kind: "environment" | "label" | "metadata" | "default";
  /** `VRID`, `keepalived.priority` (label) or `keepalived.check.ports` (path in the service's metadata). */
  readonly name: string;
}

export interface Sourced<T> {
  readonly value: T;
  readonly source: Source;
  /** Why this default differs from the usual one, as a clause: `as AUTH_PASS is set`. */
  readonly because?: string;
}

export const PLACE_NAMES: Readonly<Record<Source["kind"], string>> = {
  environment: "environment",
  label: "host label",
  metadata: "service metadata",
  default: "default",
};

/** `keepalived.priority (host label)`; the name is escaped, so it stays on one line. */
export function describeSource({ kind, name }: Source): string {
  return `${escapeText(name)} (${PLACE_NAMES[kind]})`;
}
