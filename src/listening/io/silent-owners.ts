/**
 * Makes keepalived read its configuration again if it waits for an owner that does not exist, because an advert stated
 * a long interval. Then keepalived 2.2.7 waits for three of the group's own intervals again.
 */
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import type { Report } from "../../system/report.ts";
import { retainNames } from "../../text/by-name.ts";
import type { Instance } from "../../vrrp/instance.ts";
import { obeysAdvert } from "../../vrrp/obeyed-advert.ts";
import type { WireFrame } from "../../wire/frame.ts";
import type { AdvertSubscription } from "../../wire/subscription.ts";
import type { OwnLinks } from "../own-links.ts";
import { isLongInterval, judgeOwner, type OwnerWatch } from "../silent-owner.ts";
import type { GroupListeningOptions } from "./group-listening.ts";

const JUDGE_INTERVAL_MS = 250;
/** keepalived reads its configuration again at most once in this time, for all groups together. */
const REREAD_INTERVAL_MS = 5_000;

export interface SilentOwnersOptions extends Pick<GroupListeningOptions, "listen" | "stateOf"> {
  /** Makes keepalived read its configuration again. This moves no VIP. */
  readonly reread: (why: string) => Promise<void>;
  readonly report: Report;
  readonly log: Logger;
}

export interface SilentOwners {
  /** Sets what keepalived of this host runs. */
  setInForce(instances: readonly Instance[], own: OwnLinks): void;
  /** Takes every frame from the wire. */
  noteFrame(frame: WireFrame): void;
}

interface Watch extends OwnerWatch {
  readonly instance: Instance;
  /** Who sent the advert, and the interval in it, in seconds. */
  readonly source: string;
  readonly intervalSeconds: number;
  readonly subscription: AdvertSubscription;
  readonly isSilent: boolean;
}

export function createSilentOwners({
  listen,
  stateOf,
  reread,
  report,
  log,
}: SilentOwnersOptions): SilentOwners {
  const watches = new Map<string, Watch>();
  /** The owner that answered although its interval is long, by group. Its later adverts begin no watch. */
  const present = new Map<string, string>();
  let inForce: readonly Instance[] = [];
  let own: OwnLinks = { addresses: new Set(), macs: new Map(), linkLocals: new Map(), down: new Set() };
  let timer: NodeJS.Timeout | undefined;
  let rereadMs = Number.NEGATIVE_INFINITY;

  const end = (group: string): void => {
    watches.get(group)?.subscription.close();
    watches.delete(group);
  };
  const publish = (): void =>
    report.problems([...watches.values()].flatMap((watch) => (watch.isSilent ? noOwnerHeard(watch) : [])));
  const isBackup = (group: string): boolean => stateOf(group) === "BACKUP";
  const judge = (): void => {
    timer = undefined;
    const nowMs = performance.now();
    for (const [group, watch] of watches) {
      const verdict = judgeOwner(watch.instance, watch, watch.subscription.sinceMs, nowMs);
      if (verdict === "present") present.set(group, ownerOf(watch));
      // a watch may begin before keepalived tells that it has yielded
      const isOver = verdict === "present" || (verdict === "silent" && !isBackup(group));
      if (isOver) end(group);
      else watches.set(group, { ...watch, isSilent: verdict === "silent" });
    }
    publish();
    const silent = [...watches.values()].find(({ isSilent }) => isSilent);
    if (silent !== undefined && nowMs - rereadMs >= REREAD_INTERVAL_MS) {
      rereadMs = nowMs;
      void reread(describeSilence(silent));
    }
    schedule();
  };
  const schedule = (): void => {
    if (timer === undefined && watches.size > 0) timer = setTimeout(judge, JUDGE_INTERVAL_MS).unref();
  };
  const begin = (instance: Instance): AdvertSubscription => {
    const { firstVip, interface: link } = instance;
    return listen(link, {
      address: firstVip.address,
      mac: own.macs.get(link),
      linkLocal: own.linkLocals.get(link),
    });
  };
  const noteAdvert = (instance: Instance, { source, intervalSeconds }: NonNullable<WireFrame["advert"]>) => {
    const { name } = instance;
    if (!isLongInterval(instance, intervalSeconds)) {
      // keepalived takes the interval of the last advert
      present.delete(name);
      if (!watches.has(name)) return;
      end(name);
      publish();
      return;
    }
    const heard = { instance, source, intervalSeconds, heardMs: performance.now() };
    const known = watches.get(name);
    if (known !== undefined) watches.set(name, { ...known, ...heard, isSilent: false });
    else if (present.get(name) !== ownerOf(heard)) {
      log.warn({ group: name, source, intervalSeconds }, "an owner states a long advert interval");
      const subscription = begin(instance);
      watches.set(name, { ...heard, subscription, answeredMs: Number.NEGATIVE_INFINITY, isSilent: false });
    }
    schedule();
  };

  return {
    setInForce: (instances, ownNow) => {
      [inForce, own] = [instances, ownNow];
      const names = new Set(instances.map(({ name }) => name));
      retainNames(present, names);
      for (const group of watches.keys()) if (!names.has(group)) end(group);
      if (watches.size === 0) publish();
    },
    noteFrame: ({ interface: link, advert, claim, mac }) => {
      for (const instance of inForce) {
        if (instance.interface !== link) continue;
        if (advert !== undefined && obeysAdvert(instance, advert, own.addresses))
          noteAdvert(instance, advert);
        const watch = watches.get(instance.name);
        const isOthers =
          claim?.address === instance.firstVip.address && ![...own.macs.values()].includes(mac);
        if (watch !== undefined && isOthers)
          watches.set(instance.name, { ...watch, answeredMs: performance.now() });
      }
    },
  };
}

function ownerOf({ source, intervalSeconds }: Pick<Watch, "source" | "intervalSeconds">): string {
  return `${source} ${intervalSeconds}`;
}

function describeSilence({ instance, source, intervalSeconds }: Watch): string {
  const stated = `an advert from ${source} states an interval of ${intervalSeconds} s`;
  return `group ${instance.name}: no owner is heard, and none answers for ${instance.firstVip.address}; ${stated}`;
}

function noOwnerHeard(watch: Watch): AgentError {
  return new AgentError("NO_OWNER_HEARD", describeSilence(watch));
}
