/**
 * A schedule as a script that people read: how many hosts, and what happens when.
 *
 *     hosts 2
 *     until 30
 *     0.0 start h1
 *     8.0 state h1 stopping
 *     9.0 start h2
 *
 * Times are seconds. VERBS says what each line may be. Lines that begin with `#` are comments.
 */

export interface Schedule {
  readonly hosts: number;
  /** Of all that is luck: delays, losses. 0 is no luck: each delay is the usual one, and nothing is lost. */
  readonly seed: number;
  /** PEER_REMOVAL_GRACE, s. */
  readonly graceSeconds: number;
  /** The lease of a VIP ends it this long after its container; without it never. */
  readonly hasLease: boolean;
  readonly untilMs: number;
  readonly moves: readonly Move[];
}

export interface Move {
  readonly atMs: number;
  readonly verb: Verb;
  /** A host first, where the verb has one; then words and `key=value`. */
  readonly args: readonly string[];
}

/** What can happen, and what it takes. `after=0,4.9,7.9`: how many seconds later each host's metadata tells of it. */
export const VERBS = {
  start: "HOST [without-memory]: the container starts, and the machine before it where that is off",
  stop: "HOST: the container is stopped in order",
  kill: "HOST: all processes of the container end at once",
  die: "HOST: the machine goes off",
  freeze: "HOST: all processes of the container stop for a while",
  thaw: "HOST: and go on",
  sicken: "HOST: what the VIP serves fails on this host",
  heal: "HOST: and works again",
  fill: "HOST: no file of STATE_DIR can be written, as the disk is full",
  clear: "HOST: and it can again",
  state: "HOST STATE [after=]: metadata tells this state of the host's container; `absent` leaves it out",
  register: "HOST docker0|own [after=]: Rancher knows the host by docker0's address, or by its own",
  renumber:
    "HOST NUMBER [after=]: the host's address becomes the one with this number, and metadata tells of it",
  set: "[vrid=] [version=] [vip=A,B] [unicast=] [after=]: the service's metadata",
  lie: "HOST LIE...: this host's metadata service says something else than the others'",
  truth: "HOST: and no longer does",
  forge: "vrid= [vip=] [from=] [ttl=] [priority=] every= for=: adverts of a machine that is no host",
  tentative: "HOST SECONDS: the kernel cannot use the host's address yet (duplicate address detection)",
  refuse: "HOST ADDRESS: the kernel does not take this VIP",
  accept: "HOST ADDRESS: and takes it again",
} as const;

export type Verb = keyof typeof VERBS;

export function printSchedule({ hosts, seed, graceSeconds, hasLease, untilMs, moves }: Schedule): string {
  const head = [
    `hosts ${hosts}`,
    ...(seed === 0 ? [] : [`seed ${seed}`]),
    ...(graceSeconds === 30 ? [] : [`grace ${graceSeconds}`]),
    ...(hasLease ? [] : ["lease off"]),
    `until ${untilMs / 1_000}`,
  ];
  const lines = moves.map(({ atMs, verb, args }) => [(atMs / 1_000).toFixed(1), verb, ...args].join(" "));
  return [...head, ...lines, ""].join("\n");
}

/** @throws {Error} that quotes the line that is none. */
export function parseSchedule(text: string): Schedule {
  const head = new Map<string, string>();
  const moves: Move[] = [];
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const [first = "", second = "", ...args] = line.split(/\s+/);
    if (/^\d/.test(first) && second in VERBS) {
      moves.push({ atMs: Math.round(1_000 * Number(first)), verb: second as Verb, args });
    } else if (/^(?:hosts|seed|grace|lease|until)$/.test(first)) head.set(first, second);
    else throw new Error(`not a line of a schedule: ${line}`);
  }
  const number = (name: string, unset: number) => Number(head.get(name) ?? unset);
  return {
    hosts: number("hosts", 3),
    seed: number("seed", 0),
    graceSeconds: number("grace", 30),
    hasLease: head.get("lease") !== "off",
    untilMs: 1_000 * number("until", 60),
    moves: moves.toSorted((a, b) => a.atMs - b.atMs),
  };
}

/** The value of `key=value` among the arguments. */
export function optionOf({ args }: Move, key: string): string | undefined {
  return args.find((arg) => arg.startsWith(`${key}=`))?.slice(key.length + 1);
}
