import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LogLine, parseLogLine, quoteLog } from "../../src/keepalived/log-line.ts";

const FIXTURES = new URL("../fixtures/keepalived-log/", import.meta.url);

function linesOf(name: string): LogLine[] {
  const text = readFileSync(new URL(`${name}.txt`, FIXTURES), "utf8");
  return text.trimEnd().split("\n").map(parseLogLine);
}

/** What of each recorded log an operator sees at level info, without direct repeats. */
const SPOKEN: Record<string, readonly string[]> = {
  "already-running": ["error already-running"],
  "conf-fatal": [
    "info reload-complete",
    "warn trouble",
    "warn trouble",
    "warn trouble",
    "error conf-fatal",
    "info stopped",
  ],
  dump: [],
  "excluded-vips": ["info startup-complete", "info entered-backup main", "info entered-master main"],
  "forced-election": ["warn two-masters main"],
  "instance-removed": ["info reload-complete"],
  "interface-churn": [],
  "link-down-up": [
    "warn link-down",
    "info entered-fault main",
    "info link-up",
    "info entered-backup main",
    "info entered-master main",
  ],
  "realtime-limit": ["info reload-complete", "warn trouble", "info reload-complete"],
  reload: ["info reload-complete"],
  "reload-refused": ["warn reload-refused"],
  "routed-advert": ["warn routed-advert main"],
  "send-refused": ["warn advert-unsent main", "warn two-masters main"],
  "source-address-lost": [],
  "source-missing-crash": [
    "info reload-complete",
    "warn trouble",
    "warn fault-reason main",
    "info entered-fault main",
    "error vrrp-process-died",
    "warn vrrp-process-restarted",
    "info entered-backup main",
    "info reload-complete",
  ],
  stalled: [
    "warn delayed",
    "info yielded main",
    "info entered-backup main",
    "info entered-master main",
    "info yielded main",
    "info entered-backup main",
  ],
  "start-alone": ["info startup-complete", "info entered-backup main", "info entered-master main"],
  stop: ["info stopped"],
  "unknown-sender": ["info reload-complete", "warn unknown-sender main"],
  "track-directory-missing": ["warn trouble", "error conf-fatal", "info stopped"],
  "unhealthy-healthy": ["info entered-fault main", "info entered-backup main", "info entered-master main"],
  "vip-count-differs": ["warn vips-differ main", "info entered-master main", "warn vips-differ main"],
  "vip-removed": ["warn vip-removed", "info entered-backup main", "info entered-master main"],
  "vips-differ": [
    "warn vips-differ main",
    "info entered-master main",
    "warn vips-differ main",
    "info yielded main",
    "info entered-backup main",
  ],
  "vrrp-process-killed": [
    "error vrrp-process-died",
    "warn vrrp-process-restarted",
    "info entered-backup main",
  ],
  yield: ["info reload-complete", "info yielded main", "info entered-backup main"],
};

describe("recorded logs of keepalived 2.2.7", () => {
  it("are all in the table", () => {
    const names = readdirSync(FIXTURES).map((file) => file.replace(".txt", ""));

    expect(names.sort()).toEqual(Object.keys(SPOKEN).sort());
  });

  it.each(Object.entries(SPOKEN))("of %s say what an operator must know, and no more", (name, expected) => {
    const spoken = linesOf(name).filter(({ level }) => level !== "debug");
    const once = spoken.filter((line, i) => line.text !== spoken[i - 1]?.text);
    expect(
      once.map(({ level, kind, instance }) => [level, kind, instance].filter(Boolean).join(" ")),
    ).toEqual(expected);
  });

  it("name the VRRP process that is started in place of one that died", () => {
    const pids = linesOf("vrrp-process-killed").map(
      (line) => line.kind === "vrrp-process-started" && line.pid,
    );

    expect(pids.filter(Boolean)).toEqual([14666]);
  });

  it("say when keepalived was asked for its state, and at no other time", () => {
    const isRequest = ({ kind }: LogLine) => kind === "dump-requested";

    expect(linesOf("dump").filter(isRequest)).not.toEqual([]);
    expect(linesOf("reload").filter(isRequest)).toEqual([]);
  });
});

describe("values of a line", () => {
  it.each([
    ["Starting VRRP child process, pid=16315", { kind: "vrrp-process-started", pid: 16315 }],
    ["pid 4711 exited due to signal 9", { kind: "vrrp-process-died", cause: "signal 9" }],
    ["config check timed out", { kind: "reload-check-timed-out" }],
    ["Netlink reports eth0.5 down", { kind: "link-down", interface: "eth0.5" }],
    ["Netlink reports eth0.5 up", { kind: "link-up", interface: "eth0.5" }],
    ["Netlink reflector reports IP fd00::50 removed", { kind: "vip-removed", address: "fd00::50" }],
    [
      "(main) unicast source address fd00::9 not a unicast peer",
      { kind: "unknown-sender", instance: "main", address: "fd00::9" },
    ],
    [
      "(main) Cant send advert to fd00::2 (Operation not permitted)",
      {
        kind: "advert-unsent",
        instance: "main",
        destination: "fd00::2",
        error: "Operation not permitted",
      },
    ],
    [
      "(main): send advert error 1 (Operation not permitted)",
      { kind: "advert-unsent", instance: "main", destination: undefined, error: "Operation not permitted" },
    ],
    [
      "(main) Master received advert from fd00::2 with higher priority 250, ours 240",
      { kind: "yielded", instance: "main", address: "fd00::2", priority: 250, ownPriority: 240 },
    ],
    [
      "(main) Master received advert from fd00::2 with same priority 247 but higher IP address than ours",
      { kind: "yielded", instance: "main", address: "fd00::2", priority: 247, ownPriority: 247 },
    ],
  ])("in `%s` are read", (text, values) => {
    expect(parseLogLine(text)).toMatchObject(values);
  });
});

describe("a line", () => {
  it("loses its time", () => {
    expect(parseLogLine("Sun Nov  2 14:10:06 2026: Startup complete")).toEqual({
      text: "Startup complete",
      level: "info",
      kind: "startup-complete",
      summary: "keepalived started",
      instance: undefined,
    });
  });

  it.each([
    { text: "(main) Entering MASTER STATE", instance: "main" },
    { text: "(web-1): entering FAULT state (src address not configured)", instance: "web-1" },
    { text: "(/etc/keepalived/keepalived.conf: Line 17) Unknown keyword 'x'", instance: undefined },
    { text: "(Line 7) Unknown keyword 'x'", instance: undefined },
    { text: "Startup complete", instance: undefined },
  ])("$text is of instance $instance", ({ text, instance }) => {
    expect(parseLogLine(text).instance).toBe(instance);
  });

  it.each([
    { text: "Something quite new happened", level: "debug" },
    { text: "WARNING - something quite new happened", level: "warn" },
    { text: "Could not do a new thing: Permission denied", level: "warn" },
    { text: "Opening file '/etc/keepalived/error.conf'.", level: "debug" },
    { text: "  A failure to provide all this information may mean a crash", level: "debug" },
    { text: "setpriv: failed to execute keepalived: No such file or directory", level: "warn" },
    { text: "", level: "debug" },
  ])("that nobody has met, `$text`, is $level", ({ text, level }) => {
    expect(parseLogLine(text).level).toBe(level);
  });

  it("of any content is read, and its summary is a constant", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const line = parseLogLine(text);

        expect(["debug", "info", "warn", "error"]).toContain(line.level);
        expect(line.summary).toMatch(/^[a-zA-Z ]+$/);
      }),
    );
  });
});

describe("a quotation", () => {
  it("is one line without times, empty lines and indents", () => {
    const text = "Sun Nov 22 14:10:06 2026: (Line 7) Unknown keyword 'x'\n\n  Extra '}' found\n";

    expect(quoteLog(text)).toBe("(Line 7) Unknown keyword 'x'; Extra '}' found");
  });

  it("is bounded", () => {
    expect(quoteLog("x\n".repeat(100_000)).length).toBe(2_000);
  });
});
