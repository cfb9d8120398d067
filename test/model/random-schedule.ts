/**
 * Schedules that a seed draws: hosts that start, stop, die, freeze and forget at any moment, while metadata is late or
 * lies, a planned change spreads, or somebody forges adverts.
 *
 * A schedule keeps to what the agent's promises presume: a planned change reaches every host within 10 s, and metadata tells
 * no other lie while it spreads (docs/design/planned-changes.md).
 */
import { type Chance, createChance } from "./chance.ts";
import type { Move, Schedule, Verb } from "./script.ts";

/** After the last move, for all that was begun to show. A VIP that a kernel refuses takes longer to do harm. */
const TAIL_MS = 25_000;
const LONG_TAIL_MS = 110_000;
const STATES = [
  "running",
  "starting",
  "stopping",
  "stopped",
  "restarting",
  "error",
  "absent",
  "removing",
] as const;
const VIPS = ["198.51.100.100", "198.51.100.100,198.51.100.101", "198.51.100.101,198.51.100.100"] as const;

type Draw = (chance: Chance, hosts: readonly string[]) => readonly [Verb, ...string[]];

const ON_HOST =
  (verb: Verb, ...args: string[]): Draw =>
  (chance, hosts) => [verb, chance.pick(hosts), ...args];

const START: Draw = (chance, hosts) => {
  const host = chance.pick(hosts);
  return chance.isChance(0.4) ? ["start", host, "without-memory"] : ["start", host];
};

/** What happens to hosts. Starts are likelier than ends, as only a started one can end. */
const HOST_MOVES: readonly Draw[] = [
  START,
  START,
  START,
  ON_HOST("stop"),
  ON_HOST("kill"),
  ON_HOST("die"),
  ON_HOST("freeze"),
  ON_HOST("thaw"),
  ON_HOST("thaw"),
  ON_HOST("sicken"),
  ON_HOST("heal"),
  ON_HOST("heal"),
];

const METADATA_MOVES: readonly Draw[] = [
  (chance, hosts) => ["state", chance.pick(hosts), chance.pick(STATES), after(chance, hosts)],
  (chance, hosts) => ["state", chance.pick(hosts), "running", after(chance, hosts)],
  (chance, hosts) => ["lie", chance.pick(hosts), `missing=${chance.pick(hosts)}`],
  (chance, hosts) => ["lie", chance.pick(hosts), `hostless=${chance.pick(hosts)}`],
  (chance, hosts) => ["lie", chance.pick(hosts), `states=${chance.pick(hosts)}:${chance.pick(STATES)}`],
  (chance, hosts) => ["lie", chance.pick(hosts), `self=${chance.pick(hosts)}`],
  (chance, hosts) => ["lie", chance.pick(hosts), `back=${chance.between(1, 3)}`],
  ON_HOST("lie", "down"),
  ON_HOST("lie", "stuck"),
  ON_HOST("truth"),
  ON_HOST("truth"),
];

const CHANGES: readonly Draw[] = [
  (chance, hosts) => ["set", `vrid=${chance.pick([100, 101])}`, after(chance, hosts)],
  (chance, hosts) => ["set", `version=${chance.pick([2, 3])}`, after(chance, hosts)],
  (chance, hosts) => ["set", `vip=${chance.pick(VIPS)}`, after(chance, hosts)],
  (chance, hosts) => ["set", `unicast=${chance.pick(["true", "false"])}`, after(chance, hosts)],
];

/** An address that no host had before, most often. */
const RENUMBER: Draw = (chance, hosts) => [
  "renumber",
  chance.pick(hosts),
  String(chance.between(51, 60)),
  after(chance, hosts),
];

const FORGE: Draw = (chance) => [
  "forge",
  `vrid=${chance.pick([100, 101])}`,
  `ttl=${chance.pick([64, 255])}`,
  `priority=${chance.pick([0, 1, 254])}`,
  `every=${chance.pick([0.1, 0.8])}`,
  `for=${chance.pick([5, 20])}`,
];

const SECOND_VIP = "198.51.100.101";

const ADDRESS_MOVES: readonly Draw[] = [
  (chance, hosts) => ["tentative", chance.pick(hosts), String(chance.between(1, 20))],
  ON_HOST("refuse", SECOND_VIP),
  ON_HOST("refuse", SECOND_VIP),
  ON_HOST("accept", SECOND_VIP),
  (chance, hosts) => ["set", `vip=${VIPS[1]}`, after(chance, hosts)],
];

const IDENTITY_MOVES: readonly Draw[] = [
  (chance, hosts) => ["register", chance.pick(hosts), "docker0", after(chance, hosts)],
  (chance, hosts) => ["register", chance.pick(hosts), "own", after(chance, hosts)],
  (chance, hosts) => ["lie", chance.pick(hosts), `self=${chance.pick(hosts)}`],
  ON_HOST("truth"),
];

/** What a schedule of each subject draws from besides hosts that come and go. */
const MOVES: Readonly<Partial<Record<Subject, readonly Draw[]>>> = {
  metadata: METADATA_MOVES,
  addresses: ADDRESS_MOVES,
  identity: IDENTITY_MOVES,
};

/** The subject of a schedule: what it has besides hosts that come and go. */
export const SUBJECTS = [
  "hosts",
  "metadata",
  "planned change",
  "forged adverts",
  "addresses",
  "identity",
] as const;
export type Subject = (typeof SUBJECTS)[number];

export function drawSchedule(seed: number, hosts?: number, subject?: Subject): Schedule {
  const chance = createChance(seed);
  const count = hosts ?? chance.pick([2, 2, 3, 3, 3, 4]);
  const names = Array.from({ length: count }, (_, index) => `h${index + 1}`);
  const about = subject ?? chance.pick(SUBJECTS);
  const starts = names.flatMap((name): Move[] =>
    chance.isChance(0.9) ? [{ atMs: 100 * chance.between(0, 20), verb: "start", args: [name] }] : [],
  );
  const drawn = [...starts, ...drawMoves(chance, names, about)].toSorted((a, b) => a.atMs - b.atMs);
  const moves = withoutUnknownHosts(drawn);
  return {
    hosts: count,
    seed: 1 + (seed % 1_000_000),
    graceSeconds: chance.pick([0, 5, 5, 30]),
    hasLease: true,
    untilMs: (moves.at(-1)?.atMs ?? 0) + (about === "addresses" ? LONG_TAIL_MS : TAIL_MS),
    moves,
  };
}

function drawMoves(chance: Chance, hosts: readonly string[], about: Subject): Move[] {
  const moves: Move[] = [];
  const add = (atMs: number, draws: readonly Draw[]) => {
    const [verb, ...args] = chance.pick(draws)(chance, hosts);
    moves.push({ atMs, verb, args });
  };
  const changeMs = 100 * chance.between(60, 100);
  if (about === "planned change" || about === "forged adverts") add(changeMs, CHANGES);
  if (about === "planned change" && chance.isChance(0.4))
    add(changeMs + 100 * chance.between(1, 600), [...CHANGES, RENUMBER]);
  if (about === "forged adverts") add(changeMs + 100 * chance.between(-50, 250), [FORGE]);
  const draws = MOVES[about];
  const count = chance.between(1, draws === undefined ? 5 : 7);
  let atMs = 100 * chance.between(30, 100);
  for (let left = count; left > 0; left -= 1) {
    add(atMs, draws !== undefined && chance.isChance(0.7) ? draws : HOST_MOVES);
    atMs += 100 * chance.between(1, chance.pick([10, 50, 150]));
  }
  return moves;
}

/**
 * Without what nothing is promised about: a host that begins while its own metadata lacks a whole host. The owner there is a
 * foreign machine to it (docs/operate/reliability.md, "Not promised").
 */
function withoutUnknownHosts(moves: readonly Move[]): Move[] {
  const [started, misled] = [new Set<string>(), new Set<string>()];
  return moves.filter(({ verb, args: [host = "", ...words] }) => {
    const isHostless = verb === "lie" && words.some((word) => word.startsWith("hostless="));
    if (verb === "truth") misled.delete(host);
    if ((isHostless && !started.has(host)) || (verb === "start" && misled.has(host))) return false;
    if (isHostless) misled.add(host);
    if (verb === "start") started.add(host);
    return true;
  });
}

/** Within 10 s of each other, most often sooner. */
function after(chance: Chance, hosts: readonly string[]): string {
  const longest = chance.pick([5, 30, 100]);
  return `after=${hosts.map(() => chance.between(1, longest) / 10).join(",")}`;
}
