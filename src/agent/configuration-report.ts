/** What the reconcile loop says of the configuration: in the status, as problems, and in the log. */
import type { Logger } from "pino";
import type { ReloadStatus } from "../conf/applied.ts";
import { AgentError } from "../errors.ts";
import type { DesiredState } from "../groups/desired-state.ts";
import type { StatusStore } from "../status/io/store.ts";
import type { Desired, Instance } from "../vrrp/instance.ts";
import { describeChanges, type NameOf } from "../vrrp/instance-changes.ts";

export interface ConfigurationReport {
  /** Sentences that an operator should read; none of them stops the configuration. */
  advise(advice: readonly string[]): void;
  /** keepalived took this configuration after `durationMs`. Before it ran the instances `before`. */
  applied(desired: Desired, before: readonly Instance[], durationMs: number): void;
  /** The wanted configuration is in force already. One that was refused meanwhile is no longer wanted. */
  unchanged(): void;
  /** Each refused group with its reason: it goes on as it was, or is left out. `failure` if every group is refused. */
  refused(wanted: Pick<DesiredState, "refusals" | "failure">): void;
  /** Nothing changed, for this reason. `rejected` is the path of the candidate that keepalived refused. */
  failed(error: unknown, rejected: string | undefined): void;
}

/**
 * @param notes sentences of the settings, which come first in each advice.
 * @param nameOf for peers in what is said of a change.
 */
export function createConfigurationReport(
  store: StatusStore,
  log: Logger,
  notes: readonly string[] = [],
  nameOf: NameOf = () => undefined,
): ConfigurationReport {
  const advice = store.reportOf("advice");
  const configuration = store.reportOf("configuration");
  let lastApplied: ReloadStatus | undefined;
  let hasFailed = false;
  // before metadata answers, because a misspelt METADATA_URL may be why it does not
  if (notes.length > 0) advice.problem(notes.join("\n"));
  return {
    advise: (sentences) => {
      const all = [...notes, ...sentences];
      if (all.length === 0) advice.ok();
      else advice.problem(all.join("\n"));
    },
    applied: ({ instances }, before, durationMs) => {
      // what follows may take long, as on a disk that hangs
      if (hasFailed) configuration.ok();
      hasFailed = false;
      const peers = instances.flatMap(({ unicast }) => (unicast?.isAlone ? [] : (unicast?.peers ?? [])));
      const appliedCount = store.status.configuration.appliedCount + 1;
      const described = describeChanges(before, instances, nameOf);
      const isTextAlone = described.length === 0 && appliedCount > 1;
      const changes = isTextAlone ? ["no group changes, only the text of keepalived.conf"] : described;
      log.info({ peers: [...new Set(peers)], durationMs, changes }, "configuration applied");
      const appliedAt = new Date().toISOString();
      const outcome = "applied";
      const lastReload = { at: appliedAt, outcome, durationMs, reason: undefined, changes } as const;
      lastApplied = lastReload;
      store.update({ configuration: { appliedAt, appliedCount, rejected: undefined, lastReload } });
    },
    unchanged: () => {
      const { rejected, lastReload, ...rest } = store.status.configuration;
      if (rejected === undefined && lastReload === lastApplied) return;
      store.update({ configuration: { ...rest, rejected: undefined, lastReload: lastApplied } });
    },
    refused: ({ refusals, failure }) => {
      if (failure !== undefined && refusals.size <= 1) configuration.problem(failure);
      else if (refusals.size > 0) configuration.problem(refusalOf(refusals));
      else configuration.ok();
    },
    failed: (error, rejected) => {
      const before = store.status.configuration;
      configuration.problem(error);
      hasFailed = true;
      store.update({
        configuration: { ...before, rejected, lastReload: reloadOf(error, before.lastReload) },
      });
    },
  };
}

/** One line for each problem. A problem of a key for all groups is said once. */
function refusalOf(refusals: ReadonlyMap<string, AgentError>): AgentError {
  const reasons = [...refusals].flatMap(([group, { code, message }]) =>
    message.split("\n").map((line) => ({ group, reason: `${line} (${code})` })),
  );
  const lines = [...Map.groupBy(reasons, ({ reason }) => reason)].map(
    ([reason, alike]) =>
      `group${alike.length === 1 ? "" : "s"} ${alike.map(({ group }) => group).join(", ")}: ${reason}`,
  );
  return new AgentError("GROUP_REFUSED", lines.join("\n"));
}

/** The same refusal at each try counts once. An error that kept a text from being made or judged is no reload. */
function reloadOf(error: unknown, before: ReloadStatus | undefined): ReloadStatus | undefined {
  if (!(error instanceof AgentError)) return before;
  const isRefused = ["CONF_UNEXPECTED", "CONF_REJECTED"].includes(error.code);
  if (!isRefused && !["KEEPALIVED_EXITED", "RELOAD_UNCONFIRMED"].includes(error.code)) return before;
  const reason = `${error.code}: ${error.message}`;
  if (before?.reason === reason) return before;
  const at = new Date().toISOString();
  return { at, outcome: isRefused ? "refused" : "failed", durationMs: undefined, reason };
}
