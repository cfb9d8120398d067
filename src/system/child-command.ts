/** How programs are started that must not outlive the agent, speak English, and learn nothing of its secrets. */

/**
 * Program and arguments that become `program`, without a process of their own in between. The kernel sends it
 * `deathSignal` when the agent dies, however that happens; what it starts itself gets nothing.
 */
export function boundToAgent(
  deathSignal: "KILL" | "TERM",
  program: string,
  args: readonly string[],
): [setpriv: "setpriv", args: readonly string[]] {
  return ["setpriv", ["--pdeathsig", deathSignal, program, ...args]];
}

/** All the environment that a program gets, as options of its start: the agent's own, `environment`, holds secrets. */
export function bareEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  more: Readonly<Record<string, string>> = {},
): { readonly env: Readonly<Record<string, string | undefined>>; readonly extendEnv: false } {
  const { PATH } = environment;
  return { env: { PATH, LC_ALL: "C", ...more }, extendEnv: false };
}
