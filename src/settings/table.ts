/** Every setting there is: parsing, `--explain` and the README read these rows. */
import type { Layer, Row, ValueOf } from "./row.ts";
import type { Sourced } from "./source.ts";
import { AGENT_ROWS } from "./table-agent.ts";
import { CHECK_ROWS } from "./table-checks.ts";
import { VRRP_ROWS } from "./table-vrrp.ts";

export const GROUP_ROWS = { ...VRRP_ROWS, ...CHECK_ROWS } as const;

/** In the order of the README. */
export const ALL_ROWS: readonly Row[] = [...Object.values(GROUP_ROWS), ...Object.values(AGENT_ROWS)];

type AgentRows = typeof AGENT_ROWS;
type GroupRows = typeof GROUP_ROWS;

export type GroupKey = keyof GroupRows;

/** What one place (environment, label, metadata) says of a group. */
export type GroupLayer = Layer<GroupRows>;

/** What the environment says of the agent. */
export type AgentLayer = Layer<AgentRows>;

/** Value of a row that has a fallback: there always is one. */
type IfFallback<R, Always, Maybe> = R extends { readonly fallback: string } ? Always : Maybe;

/** Settings of the agent, fallbacks applied; undefined is unset or `off`. */
export type AgentSettings = {
  readonly [K in keyof AgentRows]: IfFallback<
    AgentRows[K],
    ValueOf<AgentRows[K]>,
    ValueOf<AgentRows[K]> | undefined
  >;
};

/** Settings of one VRRP group, fallbacks applied; undefined is left to be derived. */
export type GroupSettings = {
  readonly [K in GroupKey]: IfFallback<
    GroupRows[K],
    Sourced<ValueOf<GroupRows[K]>>,
    Sourced<ValueOf<GroupRows[K]>> | undefined
  >;
};

export type GroupValue<K extends GroupKey> = ValueOf<GroupRows[K]>;
