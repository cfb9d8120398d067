/** What metadata says about a host of the service, in words. It loads nothing, because `status` shows it. */
import type { MemberStatus } from "./member-status.ts";

export const PRESENCE_TEXT: Readonly<Record<MemberStatus["presence"], string>> = {
  running: "metadata: its container runs",
  starting: "metadata: its container starts",
  disconnected: "metadata: Rancher cannot reach it",
  missing: "metadata: no running container",
};
