/**
 * What each line of keepalived's console log means to an operator, in the wording of keepalived 2.2.7.
 *
 * keepalived writes several lines a second in good health: a host without peers hears its own adverts five times a
 * second. So a change of state is `info`, a fault that keepalived survives `warn`, one that it does not survive
 * `error`, and routine `debug`. A line that no rule knows is routine, unless a word in it points to trouble.
 */

import type { LogLevel, LogMeaning, PlainKind, Yielded } from "./log-meaning.ts";

interface LogRule {
  readonly pattern: RegExp;
  readonly meaning: (match: RegExpExecArray) => LogMeaning;
  readonly level: LogLevel;
  /** The message under which the line is logged. */
  readonly summary: string;
}

/** The first rule that matches a line decides. */
export const LOG_RULES: readonly LogRule[] = [
  // A continued line belongs to the one before it: a crash report contains words of failure without reporting one.
  rule(/^\s/, "continued", "debug", "keepalived continued its last line"),
  // These lines quote paths that the user chose, so no word in them is a sign of trouble.
  rule(
    /^(Command line|Opening file|Configuration file)\b/,
    "started-from",
    "debug",
    "keepalived was started",
  ),

  rule(/^Startup complete$/, "startup-complete", "info", "keepalived started"),
  rule(/^Reload complete$/, "reload-complete", "info", "keepalived reloaded"),
  rule(/^New config failed validation/, "reload-refused", "warn", "keepalived refused to reload"),
  // A slow disk or a busy machine, not the text: the same text may be read at the next try.
  rule(
    /^config check timed out$/,
    "reload-check-timed-out",
    "warn",
    "keepalived gave up a reload, because its check of the configuration took too long",
  ),
  rule(/^Stopped Keepalived /, "stopped", "info", "keepalived stopped"),
  rule(/^daemon is already running/, "already-running", "error", "keepalived is already running"),
  rule(/^Config files missing /, "conf-missing", "warn", "keepalived finds no configuration"),
  rule(/exited with permanent error/, "conf-fatal", "error", "keepalived cannot run this configuration"),
  rule(
    /^Starting VRRP child process, pid=(\d+)$/,
    ([, pid]) => ({ kind: "vrrp-process-started", pid: Number(pid) }),
    "debug",
    "keepalived started its VRRP process",
  ),
  rule(
    /^pid \d+ exited due to (.+)$/,
    ([, cause = ""]) => ({ kind: "vrrp-process-died", cause }),
    "error",
    "keepalived lost its VRRP process",
  ),
  rule(/ died: Respawning$/, "vrrp-process-restarted", "warn", "keepalived started its VRRP process again"),
  // keepalived logs this before it writes the dump, so a full disk does not hold the line back.
  rule(
    /^Printing VRRP as json for process\(\d+\) on signal$/,
    "dump-requested",
    "debug",
    "keepalived was asked for its state",
  ),

  rule(/Entering MASTER STATE/, "entered-master", "info", "keepalived entered master"),
  rule(/Entering BACKUP STATE/, "entered-backup", "info", "keepalived entered backup"),
  rule(/Entering FAULT STATE/, "entered-fault", "info", "keepalived entered fault"),
  rule(/tracked file \S+ (now|leaving) FAULT/, "track-file-read", "debug", "keepalived read the health file"),
  rule(/entering FAULT state \(/, "fault-reason", "warn", "keepalived cannot serve the virtual IP"),
  rule(
    /^Netlink reports (\S+) down$/,
    ([, name = ""]) => ({ kind: "link-down", interface: name }),
    "warn",
    "the interface went down",
  ),
  rule(
    /^Netlink reports (\S+) up$/,
    ([, name = ""]) => ({ kind: "link-up", interface: name }),
    "info",
    "the interface came up",
  ),
  rule(
    /^Netlink reflector reports IP (\S+) removed\b/,
    ([, address = ""]) => ({ kind: "vip-removed", address }),
    "warn",
    "a virtual IP was removed, not by keepalived",
  ),
  rule(/^A thread timer expired/, "delayed", "warn", "keepalived was delayed"),

  // A host without peers has its own address as its peer, so it hears itself in good health.
  rule(/equal priority advert received from remote host/, "own-advert", "debug", "keepalived heard itself"),
  rule(
    /^\((\S+)\) Master received advert from (\S+) with higher priority (\d+), ours (\d+)$/,
    ([, instance, address, theirs, ours]) => yielded(instance, address, theirs, ours),
    "info",
    "keepalived yielded to a higher priority",
  ),
  rule(
    /^\((\S+)\) Master received advert from (\S+) with same priority (\d+) but higher IP address than ours$/,
    ([, instance, address, both]) => yielded(instance, address, both, both),
    "info",
    "keepalived yielded to a higher address",
  ),
  rule(/ with lower priority \d+, ours/, "two-masters", "warn", "two hosts were master at once"),
  rule(
    /^\((\S+)\) unicast source address (\S+) not a unicast peer$/,
    ([, instance = "", address = ""]) => ({ kind: "unknown-sender", instance, address }),
    "warn",
    "an advert from a host that is not a peer was dropped",
  ),
  rule(
    /^\(\S+\) Cant send advert to (\S+) \((.+)\)$/,
    ([, destination, error = ""]) => ({ kind: "advert-unsent", destination, error }),
    "warn",
    "an advert could not be sent",
  ),
  rule(
    /^\(\S+\): send advert error \d+ \((.+)\)$/,
    ([, error = ""]) => ({ kind: "advert-unsent", destination: undefined, error }),
    "warn",
    "an advert could not be sent",
  ),
  rule(/ TTL\/HL \d+ not in range/, "routed-advert", "warn", "an advert from beyond a router was dropped"),
  rule(/unexpected ip number count/, "vips-differ", "warn", "a peer advertises other virtual IPs"),
  rule(/ not present in MASTER advert/, "vips-differ", "warn", "a peer advertises other virtual IPs"),
  rule(/ no longer exist$/, "vip-dropped", "debug", "keepalived removed a virtual IP as configured"),

  rule(trouble(), "trouble", "warn", "keepalived warned"),
];

function rule(
  pattern: RegExp,
  meaning: PlainKind | LogRule["meaning"],
  level: LogLevel,
  summary: string,
): LogRule {
  if (typeof meaning === "function") return { pattern, meaning, level, summary };
  const plain = { kind: meaning };
  return { pattern, meaning: () => plain, level, summary };
}

function yielded(instance = "", address = "", theirs = "", ours = ""): Yielded {
  return { kind: "yielded", instance, address, priority: Number(theirs), ownPriority: Number(ours) };
}

/** Words that make an unknown line worth reading. */
function trouble(): RegExp {
  const nouns =
    "warning|error|fail|violation|mismatch|non-existent|missing|unknown|invalid|illegal|unexpected";
  const verbs =
    "can'?t|cannot|unable|denied|not permitted|do(es|n't|esn't| not|es not) exist|exceed|truncat|ignor";
  return new RegExp(`${nouns}|${verbs}|refus|reject|discard|died|crash|out of memory|timed out`, "i");
}
