/**
 * Has the listener ask an owner whose advert is late, and let keepalived take over where nobody answers
 * (src/wire/owner-probe.pl). The listener decides by itself, so a busy agent delays nothing.
 *
 * It is told which groups this host may take over. keepalived has the last word: a group that is held is in FAULT there, and
 * takes nothing over.
 */
import type { Writable } from "node:stream";
import type { Logger } from "pino";
import { retainNames } from "../../text/by-name.ts";
import type { ListenerCompanion } from "../../wire/io/listener.ts";
import { type ProbedGroup, type ProbedLink, probeKey, probeLines } from "../probe-lines.ts";
import { parseProbeReport, type UnansweredOwner } from "../probe-report.ts";
import { OWNER_PROBE_OFF, type OwnerProbeStatus } from "../status.ts";

export interface OwnerProbe {
  /** What the listener process is told, and what it tells. */
  readonly companion: ListenerCompanion;
  /** Replaces all groups of this host, those of them that it may take over, and the links that they are on. */
  setGroups(
    names: readonly string[],
    probed: readonly ProbedGroup[],
    links: ReadonlyMap<string, ProbedLink>,
    multicastProblem?: string,
  ): void;
}

export interface OwnerProbeOptions {
  /** Undefined: no owner is asked. */
  readonly seconds: number | undefined;
  readonly onStatus: (status: OwnerProbeStatus) => void;
  /** keepalived of this host was told to take the group over. */
  readonly onTakeover: (group: string, unanswered: UnansweredOwner) => void;
  readonly log: Logger;
}

const NO_PROBE: OwnerProbe = {
  companion: {
    word: "owner-probe",
    onStart: () => undefined,
    onLine: () => undefined,
    onEnd: () => undefined,
  },
  setGroups: () => undefined,
};

export function openOwnerProbe({ seconds, onStatus, onTakeover, log }: OwnerProbeOptions): OwnerProbe {
  if (seconds === undefined) {
    onStatus(OWNER_PROBE_OFF);
    return NO_PROBE;
  }
  let input: Writable | undefined;
  let plan = "";
  let names: readonly string[] = [];
  let multicastProblem: string | undefined;
  /** Also of groups that this host owns by now: keepalived may say so sooner than the listener says why. */
  const groupByKey = new Map<string, string>();
  let probedNames: ReadonlySet<string> = new Set();
  let ready = new Set<string>();
  let published = "";
  const takeovers = new Map<string, number>();

  const publish = () => {
    const groups = names.toSorted().map((group) => ({
      group,
      isReady: ready.has(group),
      takeovers: takeovers.get(group) ?? 0,
    }));
    const status = { seconds, groups, multicastProblem };
    const text = JSON.stringify(status);
    if (text === published) return;
    published = text;
    onStatus(status);
  };
  const send = () => {
    if (input?.writable) input.write(plan);
  };
  publish();

  return {
    companion: {
      word: "owner-probe",
      onStart: (stdin) => {
        input = stdin;
        send();
      },
      onLine: (text) => {
        const report = parseProbeReport(text);
        const group = groupByKey.get(report?.key ?? "");
        if (report === undefined || group === undefined) return;
        switch (report.kind) {
          case "ready":
            if (probedNames.has(group)) ready.add(group);
            break;
          case "unready":
            ready.delete(group);
            break;
          case "cut-off":
            log.warn(
              { group, owner: report.owner },
              "the owner does not answer, and neither does any other machine: this host may be cut off",
            );
            break;
          case "took": {
            const { kind, key, ...unanswered } = report;
            takeovers.set(group, (takeovers.get(group) ?? 0) + 1);
            log.warn({ group, ...unanswered }, "the owner does not answer for its VIP: this host takes over");
            onTakeover(group, unanswered);
            break;
          }
        }
        publish();
      },
      onEnd: () => {
        input = undefined;
        ready = new Set();
        publish();
      },
    },
    setGroups: (nextNames, probed, links, nextProblem) => {
      names = nextNames;
      multicastProblem = nextProblem;
      retainNames(takeovers, names);
      for (const [key, name] of groupByKey) if (!names.includes(name)) groupByKey.delete(key);
      for (const { instance } of probed) groupByKey.set(probeKey(instance), instance.name);
      probedNames = new Set(probed.map(({ instance }) => instance.name));
      ready = new Set([...ready].filter((group) => probedNames.has(group)));
      const next = `${probeLines(probed, links, seconds).join("\n")}\n`;
      if (next !== plan) {
        plan = next;
        send();
      }
      publish();
    },
  };
}
