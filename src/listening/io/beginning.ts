/** One group that begins on this host: what was heard of it, and what this host asks until the group has begun. */

import type { HostNameOf } from "../../text/host-text.ts";
import type { Instance } from "../../vrrp/instance.ts";
import type { AdvertSubscription } from "../../wire/subscription.ts";
import type { ListenerView } from "../heard.ts";
import { beginListening, type Listening } from "../listening.ts";
import type { OtherOwner } from "../other-owner.ts";
import type { OwnLinks } from "../own-links.ts";
import type { AddressAsker, AddressAskerOptions } from "./address-asker.ts";
import { createOwnerByAnswer, type OwnerByAnswer, type OwnerByAnswerOptions } from "./owner-by-answer.ts";

/** A group that begins, and by how much later than others it may be owned by this host. */
export interface BeginningGroup {
  readonly instance: Instance;
  readonly turnDelayMs: number;
}

export interface Beginning {
  other: OtherOwner | undefined;
  listening: Listening;
  readonly ownerByAnswer: OwnerByAnswer;
  readonly subscription: AdvertSubscription;
  timer: NodeJS.Timeout | undefined;
  /** Says hello to the link, so that hosts that metadata does not list answer. */
  introduce(): void;
  /** Ends all questions and timers of the group. */
  close(): void;
}

export function openBeginning(
  { instance, turnDelayMs }: BeginningGroup,
  own: OwnLinks,
  options: OwnerByAnswerOptions & Pick<AddressAskerOptions, "listen">,
  asker: AddressAsker,
): Beginning {
  const { firstVip, interface: link } = instance;
  const subscription = options.listen(link, {
    address: firstVip.address,
    mac: own.macs.get(link),
    linkLocal: own.linkLocals.get(link),
  });
  const ownerByAnswer = createOwnerByAnswer(options, asker);
  ownerByAnswer.askForTwin(instance, own);
  const beginning: Beginning = {
    listening: beginListening(instance, turnDelayMs, performance.now()),
    subscription,
    ownerByAnswer,
    timer: undefined,
    other: undefined,
    introduce: () =>
      ownerByAnswer.introduce(
        () => beginning.listening.instance,
        () => subscription.sinceMs !== undefined,
      ),
    close: () => {
      clearTimeout(beginning.timer);
      subscription.close();
      ownerByAnswer.close();
    },
  };
  beginning.introduce();
  return beginning;
}

/** Whether an advert of one group is one of the other, too. */
export function isSameVips(a: Instance, b: Instance): boolean {
  return (
    a.interface === b.interface &&
    a.virtualRouterId === b.virtualRouterId &&
    a.firstVip.address === b.firstVip.address
  );
}

/** What this host hears and knows when it decides about the group. */
export function listenerViewOf(
  { subscription, ownerByAnswer, listening: { instance } }: Beginning,
  own: OwnLinks,
  { isHost, hostNameOf }: { readonly isHost: ListenerView["isHost"]; readonly hostNameOf?: HostNameOf },
  asker: AddressAsker,
): ListenerView {
  return {
    sinceMs: subscription.sinceMs,
    isHost,
    mayRunVrrp: asker.mayRunVrrp,
    roundMs: asker.roundMs,
    roleOf: (mac) => asker.roleOf(instance.interface, mac),
    isGateway: (address) => asker.isGateway(instance.interface, address),
    nameOf: hostNameOf,
    own: ownerByAnswer.identity(instance, own),
  };
}

/** Silence counts only up to the time at which the listener had read everything: it may hang. */
export function heardUntil({ subscription: { sinceMs, untilMs } }: Beginning, nowMs: number): number {
  return sinceMs === undefined || untilMs === undefined ? nowMs : Math.min(nowMs, untilMs);
}

/** The listener reports every 0.1 s that it has read everything. */
const RECHECK_UNREAD_MS = 60;

/** @param unreadMs how long ago the listener last reported that it had read everything. */
export function recheckIn(recheckMs: number, unreadMs: number): number {
  return unreadMs > 0 ? Math.max(recheckMs, RECHECK_UNREAD_MS) : recheckMs;
}
