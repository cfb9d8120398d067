/** Why this host may not own the VIPs of a group that changes. */
import { DIFFERENCE_HINTS } from "../vrrp/difference-hints.ts";
import { type ChangeState, remainingUnknownSourceMs } from "./change-state.ts";
import { isFormerOwnerHeard } from "./former-owner.ts";
import { USUAL_CHANGE_MS } from "./waits.ts";

/** In words for an operator. A difference in the settings of two hosts is named as one. */
export function holdReason(change: ChangeState, nowMs: number): string {
  const { formerOwner } = change.heard;
  const isSourceUnknown = remainingUnknownSourceMs(change, nowMs) > 0;
  // a former owner that released the VIPs, or is silent, is not what this host waits for
  if (isSourceUnknown && !isFormerOwnerHeard(change, nowMs))
    return "the other hosts may not know this host's new address yet";
  if (formerOwner === undefined)
    return "the group changes, and its former owner may not have released the VIPs yet";
  const { source, difference } = formerOwner;
  const how = difference === undefined ? "" : `. Its adverts differ: ${difference.text}`;
  if (difference === undefined || nowMs - change.sinceMs < USUAL_CHANGE_MS)
    return `the group changes, and ${source} owns its VIPs as before${how}`;
  return `${source} owns the VIPs with other settings${how}. ${DIFFERENCE_HINTS[difference.cause]}`;
}
