/** What the agent is started with, and what outlives its parts. */
import type { Logger } from "pino";
import type { Hooks } from "../hooks/io/hooks.ts";
import type { HostClaim } from "../host-claim/io/claim.ts";
import type { Journal } from "../journal/io/journal.ts";
import type { Settings } from "../settings/settings.ts";
import type { StateDir } from "../system/io/state-dir.ts";

export interface AgentOptions {
  readonly settings: Settings;
  readonly version: string;
  readonly pid: number;
  readonly hostName: string;
  readonly templatePath: string;
  /** The template that ships with the agent; the page of its HTTP server lies beside it. */
  readonly shippedTemplate: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** What outlives the parts. */
export interface AgentResources {
  readonly claim: HostClaim;
  readonly stateDir: StateDir;
  readonly journal: Journal;
  readonly hooks: Hooks;
}
