/**
 * Holds a group whose adverts cannot be sent, once another host owns its VIPs. Names the cause, and releases the group
 * once they can be sent.
 *
 * Without this, keepalived stays owner unheard, another host takes over, and there are two owners. A held group sends
 * nothing, so test packets show when it may come back.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import type { LogLine } from "../../keepalived/log-line.ts";
import { meaningOf } from "../../listening/advert-meaning.ts";
import type { Report } from "../../system/report.ts";
import type { InForce } from "../../vrrp/in-force.ts";
import type { Instance } from "../../vrrp/instance.ts";
import type { WireFrame } from "../../wire/frame.ts";
import {
  afterFailure,
  afterProbe,
  afterRival,
  INITIALLY_SENDING,
  type SendingState,
} from "../sending-state.ts";
import { advertDestinations, createUnsentAdverts } from "../unsent-adverts.ts";
import type { SendProbeResult } from "./send-probe.ts";

const PROBE_INTERVAL_MS = 1_000;

export interface SendingOptions {
  readonly setHold: (group: string, reason: string | undefined) => void;
  readonly probe: (instance: Instance) => Promise<SendProbeResult>;
  /** Why the kernel says `error`, in words. Never rejects. */
  readonly explain: (instance: Instance, destination: string, error: string) => Promise<string>;
  readonly report: Report;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Sending {
  /** Takes each line of keepalived's log. */
  observe(line: LogLine): void;
  /** Takes each frame from the wire: also adverts that the host's packet filter hides from keepalived. */
  noteFrame(frame: WireFrame): void;
  /** Sets what keepalived runs. A hold ends with its group, and where a host becomes alone. */
  setInForce(now: Pick<InForce, "instances">): void;
}

interface Group {
  readonly instance: Instance;
  readonly state: SendingState;
  /** Why its adverts cannot be sent; undefined while they can. */
  readonly problem: AgentError | undefined;
}

export function openSending(options: SendingOptions): Sending {
  const { report, log, signal } = options;
  const unsent = createUnsentAdverts();
  const groups = new Map<string, Group>();
  let isProbing = false;

  const publish = () =>
    report.problems(
      [...groups.values()].flatMap(({ state, problem }) => (isOk(state) ? [] : (problem ?? []))),
    );
  const enter = (name: string, state: SendingState, reason?: string): void => {
    const group = groups.get(name);
    if (group === undefined || group.state === state) return;
    groups.set(name, { ...group, state });
    if (group.state.phase === state.phase) return;
    log.warn({ group: name, phase: state.phase, reason }, "sending of adverts changed");
    options.setHold(name, state.phase === "held" ? HELD : undefined);
    publish();
    if (!isOk(state)) void probeUntilOk();
  };
  const name = async ({ instance }: Group, peers: readonly string[], error: string): Promise<void> => {
    const cause = await options.explain(instance, peers[0] ?? "", error);
    const group = groups.get(instance.name);
    if (group === undefined || signal.aborted) return;
    const to = peers.length < advertDestinations(instance).length ? ` to ${peers.join(", ")}` : "";
    const message = `group ${instance.name}: this host cannot send its adverts${to} (${error}): ${cause}`;
    if (group.problem?.message === message) return;
    groups.set(instance.name, { ...group, problem: new AgentError("ADVERTS_UNSENT", message) });
    publish();
  };
  const probeOne = async (group: Group): Promise<void> => {
    const { instance } = group;
    const result = await options.probe(instance);
    const known = groups.get(instance.name);
    if (known === undefined || signal.aborted) return;
    if (result.error !== undefined && !result.canSend) await name(group, result.outOfReach, result.error);
    enter(instance.name, afterProbe(known.state, result, instance.priority, performance.now()));
  };
  const probeUntilOk = async (): Promise<void> => {
    if (isProbing) return;
    isProbing = true;
    for (;;) {
      const failing = [...groups.values()].filter(({ state }) => !isOk(state));
      if (failing.length === 0 || signal.aborted) break;
      await Promise.all(failing.map(probeOne));
      await sleep(PROBE_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
    isProbing = false;
  };
  const noteUnsent = (group: Group, destination: string | undefined, error: string): void => {
    const nowMs = performance.now();
    unsent.note(group.instance.name, destination, nowMs);
    const peers = unsent.outOfReach(group.instance, nowMs);
    if (group.instance.unicast?.isAlone || peers.length === 0) return;
    if (isOk(group.state)) void name(group, peers, error);
    enter(group.instance.name, afterFailure(group.state, nowMs), error);
  };
  const noteRival = (group: Group): void =>
    enter(group.instance.name, afterRival(group.state, performance.now()), "another owner is heard");

  return {
    observe: (line) => {
      const group = groups.get(line.instance ?? "");
      if (group === undefined || signal.aborted) return;
      if (line.kind === "advert-unsent") noteUnsent(group, line.destination, line.error);
      else if (line.kind === "two-masters" || line.kind === "yielded") noteRival(group);
    },
    noteFrame: ({ advert, interface: link }) => {
      if (advert === undefined || signal.aborted) return;
      for (const group of groups.values()) {
        const { unicast, interface: own } = group.instance;
        const sources = new Set(unicast === undefined ? [] : [unicast.source]);
        const isRival = link === own && meaningOf(group.instance, advert, sources) === "owner";
        if (isRival && group.state.phase === "unheard") noteRival(group);
      }
    },
    setInForce: ({ instances }) => {
      const wanted = new Map(instances.map((instance) => [instance.name, instance]));
      for (const [group, { state }] of groups) {
        const instance = wanted.get(group);
        if (instance !== undefined && instance.unicast?.isAlone !== true) continue;
        if (!isOk(state)) options.setHold(group, undefined);
        groups.delete(group);
      }
      for (const [group, instance] of wanted) {
        const known = groups.get(group);
        groups.set(group, { state: INITIALLY_SENDING, problem: undefined, ...known, instance });
      }
      unsent.retainGroups(new Set(wanted.keys()));
      publish();
    },
  };
}

const HELD = "its adverts cannot be sent, so the other hosts would not hear that it owns the VIPs";

function isOk({ phase }: SendingState): boolean {
  return phase === "sending";
}
