/** Starts programs so that they end with the agent, print English, and get none of its secrets. */

/**
 * The command that becomes `program`, without a process in between. The kernel sends it `deathSignal` when the agent dies
 * for any reason, but not to the processes that it starts itself.
 */
export function boundToAgent(
  deathSignal: "KILL" | "TERM",
  program: string,
  args: readonly string[],
): [setpriv: "setpriv", args: readonly string[]] {
  return ["setpriv", ["--pdeathsig", deathSignal, program, ...args]];
}

/** The whole environment of a program, as execa options. The agent's own has secrets, so only PATH is taken from it. */
export function bareEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  more: Readonly<Record<string, string>> = {},
): { readonly env: Readonly<Record<string, string | undefined>>; readonly extendEnv: false } {
  const { PATH } = environment;
  return { env: { PATH, LC_ALL: "C", ...more }, extendEnv: false };
}
