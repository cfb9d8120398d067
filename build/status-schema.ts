/** The JSON Schema of what `status --json` and /status print. docs/use/commands.md explains the fields. */
import { ERRORS } from "../src/errors.ts";
import { SPLIT_BRAIN_CAUSES } from "../src/split-brain/causes.ts";
import { PARTS } from "../src/status/status.ts";
import { fields, flag, instant, listOf, oneOf, schemaFile, tableOf, text, whole } from "./json-schema.ts";

const check = fields({
  name: text("ports, target, http, tcp, script or service"),
  verdict: oneOf(["healthy", "unhealthy", "unknown"]),
  reason: text("For people, from the last probe"),
  since: instant("When the verdict last changed"),
  onset: instant("The first of the probes that made the verdict"),
});

const owner = fields(
  { isSelf: flag("Whether it is this host"), since: instant("Since when this host knows it as the owner") },
  {
    host: text("Name in Rancher; left out where metadata does not list its address"),
    uuid: text(),
    address: text("Source of its adverts"),
    heardAt: instant("Its last advert; left out for this host"),
  },
  "Who owns the VIPs, as far as this host knows",
);

const instance = fields(
  {
    name: text("Name of the group"),
    state: text(
      "MASTER, BACKUP, FAULT, STOP or DELETED as keepalived says; UNKNOWN before that; STOPPED while it does not run",
    ),
    since: instant("When it entered this state"),
    interface: text(),
    virtualRouterId: whole(),
    priority: whole(),
    vips: listOf(text("ADDRESS/PREFIX"), "The first one is advertised"),
    peers: listOf(text(), "Empty where the host is alone"),
  },
  {
    prioritySource: text("The setting that gave the priority, or `derived`"),
    source: text("Address from which adverts are sent; left out with multicast"),
    owner,
    noOwner: fields({ since: instant(), text: text("For people") }, {}, "No owner is known"),
  },
);

const reload = fields(
  { at: instant(), outcome: oneOf(["applied", "refused", "failed"]) },
  {
    durationMs: whole(),
    reason: text("Why it was not applied"),
    changes: listOf(text(), "What it changed, for people"),
  },
);

const member = fields(
  {
    host: text("Name in Rancher"),
    uuid: text(),
    addresses: listOf(text(), "Where adverts to it go"),
    presence: oneOf(["running", "starting", "disconnected", "missing"]),
  },
  { url: text("Where its agent's HTTP server is, unless that listens on 127.0.0.1 alone") },
);

const suspicion = fields(
  {
    group: text(),
    cause: oneOf(SPLIT_BRAIN_CAUSES, "New ones may be added"),
    mac: text(),
    text: text("For people"),
    hint: text("The next step, for people"),
    since: instant(),
  },
  { address: text("Left out where it sends no adverts") },
);

const problem = fields(
  { part: oneOf(PARTS), message: text("For people"), since: instant() },
  { code: oneOf(Object.keys(ERRORS), "Left out for advice"), hint: text("The next step, for people") },
);

const STATUS = fields(
  {
    agent: fields({ version: text(), pid: whole(), startedAt: instant(), stateDir: text() }),
    metadata: fields(
      { source: oneOf(["live", "last-good", "off", "none"]) },
      { version: text(), readAt: instant("The last complete reading") },
    ),
    keepalived: fields({ isRunning: flag() }, { pid: whole() }),
    configuration: fields(
      { appliedCount: whole("How often keepalived took a changed configuration") },
      {
        appliedAt: instant(),
        rejected: text("Path of the candidate that was refused last"),
        lastReload: reload,
      },
    ),
    members: listOf(member, "The other hosts of the service, by metadata"),
    drain: fields(
      { groups: tableOf(instant(), "By group") },
      { all: instant("Since when all groups are drained") },
    ),
    health: listOf(
      fields(
        {
          group: text(),
          isHealthy: flag("Whether this host may own its VIPs"),
          isDrained: flag(),
          checks: listOf(check),
        },
        {
          drainedBy: text("`command`, or the label or metadata that says so"),
          heldBy: text("Why it may not, whatever the checks say"),
          checkIp: text(
            "`any`, or the address that the ports must be published for; left out without CHECK_PORT",
          ),
        },
      ),
    ),
    instances: listOf(instance, "One a group"),
    scheduling: fields(
      { phase: oneOf(["waiting", "realtime", "normal", "refused"]) },
      { reason: text("Why real-time priority is refused"), hint: text("The next step, for people") },
      "How the kernel schedules keepalived",
    ),
    gate: fields(
      { phase: oneOf(["waiting", "on", "unavailable", "failed", "blocking"]) },
      { reason: text() },
    ),
    vipLease: fields(
      { state: oneOf(["off", "starting", "renewed", "unavailable"]) },
      { seconds: { type: "number", description: "VIP_LEASE" }, reason: text() },
    ),
    ownerProbe: fields(
      {
        groups: listOf(
          fields({
            group: text(),
            isReady: flag("Whether the owner is asked if its next advert is late"),
            takeovers: whole("How often it did not answer, and this host took over"),
          }),
        ),
      },
      {
        seconds: { type: "number", description: "OWNER_PROBE" },
        multicastProblem: text("Why no owner is asked whose adverts are multicast over IPv4"),
      },
    ),
    contradictions: listOf(fields({ text: text(), since: instant(), isLasting: flag("For 5 s or more") })),
    splitBrain: listOf(suspicion, "Who may own the VIPs besides their owner"),
    problems: listOf(problem),
  },
  {
    host: fields({ uuid: text(), name: text() }, { hostname: text() }),
    service: text("STACK/SERVICE"),
    lastEvent: fields({ at: instant(), text: text("For people") }),
  },
);

export function renderStatusSchema(): string {
  return schemaFile("status --json of rancher-keepalived", STATUS);
}
