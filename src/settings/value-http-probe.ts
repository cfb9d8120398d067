/** The value of CHECK_HTTP: `URL [STATUS[-STATUS]] [host=NAME]`. */
import * as v from "valibot";
import type { Kind } from "./value-kind.ts";
import { HTTP_URL } from "./value-network.ts";

export interface HttpProbe {
  readonly url: string;
  /** Lowest and highest healthy status, both included. */
  readonly statuses: readonly [number, number];
  /** Host header, if it differs from the host in the URL. */
  readonly hostHeader: string | undefined;
}

const ANY_SUCCESS = [200, 399] as const;

export const HTTP_PROBE: Kind<HttpProbe> = {
  schema: v.pipe(
    v.string(),
    v.transform(parseHttpProbe),
    v.custom<HttpProbe>((probe) => probe !== undefined),
  ),
  allowed:
    "an http:// or https:// URL without user name and password, which a status or a range such as 200-299 and host=NAME may follow",
  show: ({ url, statuses: [low, high], hostHeader }) =>
    [
      url,
      low === high ? `${low}` : `${low}-${high}`,
      ...(hostHeader === undefined ? [] : [`host=${hostHeader}`]),
    ].join(" "),
};

function parseHttpProbe(text: string): HttpProbe | undefined {
  const [urlText = "", ...words] = text.split(/[ \t]+/);
  const url = v.safeParse(HTTP_URL.schema, urlText);
  const hosts = words.filter((word) => word.startsWith("host="));
  const ranges = words.filter((word) => !word.startsWith("host="));
  const statuses = ranges.length === 0 ? ANY_SUCCESS : parseStatuses(ranges[0] ?? "");
  const hostHeader = hosts[0]?.slice("host=".length);
  const isHost = hostHeader === undefined || /^[A-Za-z0-9.:[\]_-]+$/.test(hostHeader);
  const isComplete =
    url.success && statuses !== undefined && isHost && hosts.length <= 1 && ranges.length <= 1;
  return isComplete ? { url: url.output, statuses, hostHeader } : undefined;
}

function parseStatuses(text: string): readonly [number, number] | undefined {
  const [, lowText, highText = lowText] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(text) ?? [];
  const [low, high] = [Number(lowText), Number(highText)];
  return low <= high ? [low, high] : undefined;
}
