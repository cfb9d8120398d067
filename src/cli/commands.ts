/**
 * The one table of commands. The parser, the help and the table in docs/use/commands.md are made from it, so they cannot disagree.
 * Each command is a file, which is loaded only when the command runs.
 */
import type { Command } from "./command.ts";

export const COMMANDS: readonly Command[] = [
  {
    name: "run",
    isDefault: true,
    summary: "Run the agent; this is the default",
    details: ["SIGTERM ends it and releases the virtual IPs."],
    options: [],
    run: async (context) => (await import("./run.ts")).runCommand(context),
  },
  {
    name: "render",
    summary: "Print the keepalived.conf that this host would get now",
    details: ["Nothing is touched. Passwords are shown as `(hidden)`; notes go to stderr."],
    options: ["explain", "json"],
    needs: { json: "explain" },
    run: async (context, values) => (await import("./render.ts")).renderCommand(context, values),
  },
  {
    name: "check",
    summary: "Check whether Rancher publishes the ports on this host",
    details: ["Exit status: 0 healthy, 1 unhealthy, 2 unknown."],
    options: ["rules", "port", "ip", "interface", "json"],
    run: async (context, values) => (await import("./check.ts")).checkCommand(context, values),
  },
  {
    name: "status",
    summary: "Show the state of this host's agent, or of the whole cluster",
    details: [
      "Exit status 0 only if all is well.",
      "--all asks every other host. Their HTTP_LISTEN must be reachable.",
    ],
    options: ["all", "json", "watch"],
    alternatives: ["json", "watch"],
    run: async (context, values) => (await import("./status.ts")).statusCommand(context, values),
  },
  {
    name: "drain",
    summary: "Give the virtual IPs of this host away until undrain",
    details: [
      "The drain survives restarts. Without GROUP it is for all groups, including later ones.",
      "The output names the next owner of each group, and how long the move took.",
      "Without --force it is refused if no other host is known to run, and fails if none takes over.",
    ],
    argument: "GROUP",
    options: ["force"],
    run: async (context, values, group) => (await import("./drain.ts")).drainCommand(context, values, group),
  },
  {
    name: "undrain",
    summary: "Let this host own its virtual IPs again",
    argument: "GROUP",
    options: [],
    run: async (context, _values, group) => (await import("./drain.ts")).undrainCommand(context, group),
  },
  {
    name: "journal",
    summary: "Show what happened on this host, and why each virtual IP moved",
    details: ["Times are in UTC. No agent needs to run."],
    options: ["since", "lines", "group", "follow", "json"],
    run: async (context, values) => (await import("./journal.ts")).journalCommand(context, values),
  },
  {
    name: "metadata-server",
    summary: "Run a stand-in for Rancher's metadata service, for tests and the demo",
    options: ["answers", "listen"],
    required: ["answers", "listen"],
    run: async (context, values) =>
      (await import("./metadata-server.ts")).metadataServerCommand(context, values),
  },
  {
    name: "help",
    summary: "Show this help, or that of a command; `--help` does the same",
    argument: "COMMAND",
    options: [],
    run: async (context, _values, name) => (await import("./help.ts")).helpCommand(context, COMMANDS, name),
  },
  {
    name: "version",
    summary: "Print the version; `--version` does the same",
    options: [],
    run: async ({ version, print }) => {
      print(`${version}\n`);
      return 0;
    },
  },
];
