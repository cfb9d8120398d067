/** CHECK_TARGET: whether clients that come to a published port reach a program that accepts them. */
import { READ_FAILURES } from "../../iptables/table-read.ts";
import type { PortQuestion } from "../../ports/published-port.ts";
import type { PortVerdict } from "../../ports/published-ports.ts";
import type { ProbeOutcome } from "../probe-outcome.ts";
import { concludeTargets, isAgainstHost, ofServedPort, type TargetFinding } from "../target-outcome.ts";
import type { TranslatedPacket } from "../target-path.ts";
import type { PortsJudge } from "./ports-judge.ts";
import type { TargetConnections } from "./target-connections.ts";
import type { TargetPaths } from "./target-paths.ts";

/** A read of the check `ports` that is not older is used here, too. */
const RECENT_MS = 300;

export interface TargetProbeOptions {
  readonly judgePortsNow: PortsJudge;
  /** The next judgement that takes no recent read lists legacy's rules again. */
  readonly invalidateLegacy: () => void;
  readonly paths: TargetPaths;
  readonly connections: TargetConnections;
}

/** A port with the target that its rule names. */
type Published = PortVerdict & Required<Pick<PortVerdict, "target">>;

/** Never rejects. A port that is not published has no target here: the check `ports` tells that. */
export function createTargetProbe(options: TargetProbeOptions) {
  const { judgePortsNow, invalidateLegacy, paths, connections } = options;
  const named = new WeakMap<object, readonly Published[]>();
  /** `80/tcp`: ports behind which some target has accepted a connection of this agent. */
  const served = new Set<string>();
  /** While the rules cannot be read, the earlier targets stay. Where they can, an earlier target may be a container that is gone. */
  const targetsOf = async (
    questions: readonly PortQuestion[],
    maxAgeMs: number,
  ): Promise<readonly Published[]> => {
    const before = named.get(questions) ?? [];
    const { judged } = await judgePortsNow(questions, maxAgeMs);
    const now = judged.ports.flatMap((port) => {
      const same = ({ protocol, port: number }: Published) =>
        port.protocol === protocol && port.port === number;
      return isUnread(port) ? before.filter(same) : asPublished(port);
    });
    named.set(questions, now);
    return now;
  };
  const findTarget = async (published: Published, timeoutMs: number): Promise<TargetFinding> => {
    const { target, protocol } = published;
    const port = `${published.port}/${protocol}`;
    if (target.kind !== "host") return { port, phase: "not-tried", why: WHY_NOT_TRIED[target.kind] };
    const to = `${target.address}:${target.port}`;
    if (protocol === "udp") return { port, phase: "reachable", to };
    const answer = await connections.ask(target, timeoutMs);
    if (answer.phase === "untried") return { port, phase: "not-tried", why: `${to}: being tried` };
    if (answer.phase === "never-accepted") return { port, to, ...answer };
    const { outcome } = answer;
    return outcome.sample === "healthy"
      ? { port, phase: "accepts", to }
      : { port, phase: "failed", to, outcome };
  };
  const findAll = async (published: readonly Published[], timeoutMs: number): Promise<TargetFinding[]> => {
    const packets = published.flatMap(packetOf);
    const [faults, findings] = await Promise.all([
      paths.faultsOf(packets.map(({ packet }) => packet)),
      Promise.all(published.map((each) => findTarget(each, timeoutMs))),
    ]);
    if (findings.some(({ phase }) => phase === "failed")) paths.invalidate();
    const cutOff = packets.flatMap(({ port }, index): TargetFinding[] => {
      const found = faults[index];
      if (found === undefined) return [];
      const hasAccepted = findings.some((one) => one.port === port && ACCEPTED.has(one.phase));
      const isNew = found.wasOpen || hasAccepted;
      return [{ port, phase: "cut-off", fault: found.fault, isNew }];
    });
    for (const { port, phase } of findings) if (phase === "accepts") served.add(port);
    return [...cutOff, ...findings].map((found) => (served.has(found.port) ? ofServedPort(found) : found));
  };
  /** Before a target counts against the host, the rules are read again: they may name another one already. */
  return async (questions: readonly PortQuestion[], timeoutMs: number): Promise<ProbeOutcome> => {
    const published = await targetsOf(questions, RECENT_MS);
    const found = await findAll(published, timeoutMs);
    if (!found.some(isAgainstHost)) return concludeTargets(found);
    invalidateLegacy();
    const now = await targetsOf(questions, 0);
    return concludeTargets(areSameTargets(published, now) ? found : await findAll(now, timeoutMs));
  };
}

/** What is found about a target that has accepted a connection of this agent. */
const ACCEPTED: ReadonlySet<TargetFinding["phase"]> = new Set(["accepts", "failed"]);

const WHY_NOT_TRIED = {
  "this-host": "the packet stays on this host; CHECK_TCP can check the port",
  several: "the rules name several targets",
} as const;

function areSameTargets(before: readonly Published[], now: readonly Published[]): boolean {
  const textOf = (all: readonly Published[]) =>
    JSON.stringify(all.map(({ protocol, port, target }) => [protocol, port, target]));
  return textOf(before) === textOf(now);
}

function isUnread({ reason, target }: PortVerdict): boolean {
  return target === undefined && READ_FAILURES.some((failure) => failure === reason);
}

/** Also a port whose verdict depends on a rule that cannot be read: the clients that come through meet this target. */
function asPublished(port: PortVerdict): Published[] {
  return port.target === undefined ? [] : [{ ...port, target: port.target }];
}

/** The client's packet as it leaves the nat table, where this host may forward it. */
function packetOf({ target, protocol, port, interface: inInterface }: Published) {
  if (target.kind !== "host") return [];
  const packet: TranslatedPacket = { protocol, inInterface, target: target.address, targetPort: target.port };
  return [{ port: `${port}/${protocol}`, packet }];
}
