/** All settings in one table. Parsing, `render --explain` and the table in docs/use/settings.md are made from its rows. */
import type { Layer, Row, ValueOf } from "./row.ts";
import type { Sourced } from "./source.ts";
import { AGENT_ROWS } from "./table-agent.ts";
import { CHECK_ROWS } from "./table-checks.ts";
import { VRRP_ROWS } from "./table-vrrp.ts";

/** Settings that each VRRP group has: those of VRRP itself, and those of its checks. */
export const GROUP_ROWS = { ...VRRP_ROWS, ...CHECK_ROWS } as const;

/** Every setting, in the order of the table in docs/use/settings.md. */
export const ALL_ROWS: readonly Row[] = [...Object.values(GROUP_ROWS), ...Object.values(AGENT_ROWS)];

type AgentRows = typeof AGENT_ROWS;
type GroupRows = typeof GROUP_ROWS;

export type GroupKey = keyof GroupRows;

/** The values that one place (environment, label or metadata) has for a group. */
export type GroupLayer = Layer<GroupRows>;

/** The values that the environment has for the agent. */
export type AgentLayer = Layer<AgentRows>;

/** Value of a row that has a defaultText: there always is one. */
type IfDefault<R, Always, Maybe> = R extends { readonly defaultText: string } ? Always : Maybe;

/** Settings of the agent with their defaults; undefined is unset or `off`. */
export type AgentSettings = {
  readonly [K in keyof AgentRows]: IfDefault<
    AgentRows[K],
    ValueOf<AgentRows[K]>,
    ValueOf<AgentRows[K]> | undefined
  >;
};

/** Settings of one VRRP group with their defaults; undefined is still to be derived. */
export type GroupSettings = {
  readonly [K in GroupKey]: IfDefault<
    GroupRows[K],
    Sourced<ValueOf<GroupRows[K]>>,
    Sourced<ValueOf<GroupRows[K]>> | undefined
  >;
};

export type GroupValue<K extends GroupKey> = ValueOf<GroupRows[K]>;
