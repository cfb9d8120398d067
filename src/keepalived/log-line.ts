/**
 * What a line of keepalived's console log means to an operator.
 *
 * keepalived writes several lines a second in good health (a lone host hears its own adverts five times a
 * second), and its real news look like all others. Here each line gets a level: `info` for a change of state,
 * `warn` for what keepalived lives through, `error` for what it did not, `debug` for all routine.
 * The wording is that of 2.2.7; a line that no rule knows is routine unless it speaks of trouble.
 */

export type LogLevel = "debug" | "info" | "warn" | "error";

interface Rule {
  readonly pattern: RegExp;
  readonly event: string;
  readonly level: LogLevel;
  readonly summary: string;
}

/** First match wins. */
const RULES = [
  // A block that continues the line before: a crash report speaks of failures without reporting one.
  rule(/^\s/, "continued", "debug", "keepalived continued its last line"),
  // Paths chosen by the user stand in these: no word of them counts as trouble.
  rule(
    /^(Command line|Opening file|Configuration file)\b/,
    "started-from",
    "debug",
    "keepalived was started",
  ),

  rule(/^Startup complete$/, "startup-complete", "info", "keepalived started"),
  rule(/^Reload complete$/, "reload-complete", "info", "keepalived reloaded"),
  rule(/^New config failed validation/, "reload-refused", "warn", "keepalived refused to reload"),
  rule(/^Stopped Keepalived /, "stopped", "info", "keepalived stopped"),
  rule(/^daemon is already running/, "already-running", "error", "keepalived is already running"),
  rule(/exited with permanent error/, "conf-fatal", "error", "keepalived cannot run this configuration"),
  rule(/^pid \d+ exited due to /, "child-died", "error", "keepalived lost its VRRP process"),
  rule(/ died: Respawning$/, "child-respawned", "warn", "keepalived started its VRRP process again"),

  rule(/Entering MASTER STATE/, "entered-master", "info", "keepalived entered master"),
  rule(/Entering BACKUP STATE/, "entered-backup", "info", "keepalived entered backup"),
  rule(/Entering FAULT STATE/, "entered-fault", "info", "keepalived entered fault"),
  rule(/tracked file \S+ (now|leaving) FAULT/, "health-applied", "debug", "keepalived read the health file"),
  rule(/entering FAULT state \(/, "fault-reason", "warn", "keepalived cannot serve the virtual IP"),
  rule(/^Netlink reports \S+ down$/, "link-down", "warn", "the interface went down"),
  rule(/^Netlink reports \S+ up$/, "link-up", "info", "the interface came up"),
  rule(
    /^Netlink reflector reports IP \S+ removed/,
    "vip-removed",
    "warn",
    "a virtual IP was removed by others",
  ),
  rule(/^A thread timer expired/, "stalled", "warn", "keepalived was held up"),

  // The peer of a lone host is its own address, so this is the sound of good health there.
  rule(/equal priority advert received from remote host/, "own-advert", "debug", "keepalived heard itself"),
  rule(/ with higher priority \d+, ours/, "yielded", "info", "keepalived yielded to a higher priority"),
  rule(/ with same priority \d+ but higher IP/, "yielded", "info", "keepalived yielded to a higher address"),
  rule(/ with lower priority \d+, ours/, "two-masters", "warn", "two hosts were master at once"),
  rule(/ not a unicast peer$/, "stranger", "warn", "an advert of a host that is no peer was dropped"),
  rule(/ TTL\/HL \d+ not in range/, "routed-advert", "warn", "an advert from beyond a router was dropped"),
  rule(/unexpected ip number count/, "vips-differ", "warn", "a peer advertises other virtual IPs"),
  rule(/ not present in MASTER advert/, "vips-differ", "warn", "a peer advertises other virtual IPs"),
  rule(/ no longer exist$/, "vip-dropped", "debug", "keepalived dropped a virtual IP as told"),

  rule(trouble(), "trouble", "warn", "keepalived warned"),
] as const satisfies readonly Rule[];

export type LogEvent = (typeof RULES)[number]["event"] | "routine";

/** One line, without its time, and what it means; `summary` is a constant of its event. */
export interface LogLine {
  readonly text: string;
  readonly level: LogLevel;
  readonly event: LogEvent;
  readonly summary: string;
  readonly instance: string | undefined;
}

/** The time that keepalived puts before a line, as asctime() writes it. */
const TIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}(?:\.\d+)? \d{4}: /;

/** Characters. */
const QUOTE_LIMIT = 2_000;

/** `(main) …` and `(main): …`, but not `(FILE: Line 7) …`. */
const INSTANCE = /^\(([^():\s]+)\):? /;

const STRANGER = /^\(([^():\s]+)\) unicast source address (\S+) not a unicast peer$/;

/** Reads one line of the console log; never fails. */
export function readLogLine(raw: string): LogLine {
  const text = raw.replace(TIME, "").trimEnd();
  const known = RULES.find((candidate) => candidate.pattern.test(text));
  return {
    text,
    level: known?.level ?? "debug",
    event: known?.event ?? "routine",
    summary: known?.summary ?? "keepalived wrote a line",
    instance: INSTANCE.exec(text)?.[1],
  };
}

/** Whose adverts the line says were dropped because their sender is no peer; undefined for any other line. */
export function parseStranger(text: string): { instance: string; address: string } | undefined {
  const [, instance, address] = STRANGER.exec(text) ?? [];
  return instance === undefined || address === undefined ? undefined : { instance, address };
}

/** keepalived's own words on one line, without times and empty lines: bounded, for the message of an error. */
export function quoteLog(text: string): string {
  const lines = text.split("\n").map((line) => line.replace(TIME, "").trim());
  return lines.filter(Boolean).join("; ").slice(0, QUOTE_LIMIT);
}

function rule<E extends string>(pattern: RegExp, event: E, level: LogLevel, summary: string) {
  return { pattern, event, level, summary };
}

/** Words of a line that nobody has met yet and that somebody should read. */
function trouble(): RegExp {
  const nouns =
    "warning|error|fail|violation|mismatch|non-existent|missing|unknown|invalid|illegal|unexpected";
  const verbs =
    "can'?t|cannot|unable|denied|not permitted|do(es|n't|esn't| not|es not) exist|exceed|truncat|ignor";
  return new RegExp(`${nouns}|${verbs}|refus|reject|discard|died|crash|out of memory|timed out`, "i");
}

/** Lines of keepalived's log by which its VRRP process is known, and known to answer: no full disk keeps them back. */

const VRRP_STARTED = /^Starting VRRP child process, pid=(\d+)$/;
const ANSWERED = /^Printing VRRP as json for process\(\d+\) on signal$/;

/** The pid of the VRRP process that a line tells of; undefined for any other line. */
export function vrrpPidIn(line: string): number | undefined {
  const [, pid] = VRRP_STARTED.exec(line) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/** Whether the VRRP process says that it was asked for its state: it says so before it writes. */
export function isAnswer(line: string): boolean {
  return ANSWERED.test(line);
}
