/** Kinds of value that stay text: commands, paths, names in Rancher, and the password. */
import * as v from "valibot";
import type { Kind } from "./value-kind.ts";

export const COMMAND: Kind<string> = { schema: v.string(), allowed: "a command" };

export const PATH: Kind<string> = { schema: v.string(), allowed: "a path" };

/** The path may appear in keepalived.conf, which cannot express a double quote. */
export const ABSOLUTE_PATH: Kind<string> = {
  schema: v.pipe(v.string(), v.regex(/^\/(?!(proc|sys)\/)[^"\\]*$/)),
  allowed: "an absolute path without double quotes and backslashes, not in /proc or /sys",
};

/** A name or UUID in Rancher. It becomes a segment of a URL path, so `.` and `..` are refused. */
export const RANCHER_NAME: Kind<string> = {
  schema: v.pipe(v.string(), v.regex(/^(?!\.{1,2}$)[^\s/]+$/), v.maxLength(255)),
  allowed: "a name as Rancher shows it",
};

export interface ServiceName {
  readonly stackName: string;
  readonly serviceName: string;
}

export const SERVICE_NAME: Kind<ServiceName> = {
  schema: v.pipe(
    v.string(),
    v.transform((text) => text.split("/")),
    v.strictTuple([RANCHER_NAME.schema, RANCHER_NAME.schema]),
    v.transform(([stackName, serviceName]) => ({ stackName, serviceName })),
  ),
  allowed: "STACK/SERVICE, names as Rancher shows them",
  show: ({ stackName, serviceName }) => `${stackName}/${serviceName}`,
};

/** VRRP carries 8 bytes. A password that keepalived.conf cannot express would be shown in the error of `confWord`. */
export const PASSWORD: Kind<string> = {
  schema: v.pipe(v.string(), v.maxBytes(8), v.regex(/^(?![{}]$|.*\$(?:\{\w[\w ]*\}|\w+[ ,)]))[^"]*[^"\\]$/)),
  allowed:
    "1-8 bytes without double quotes, no brace alone, no \\ at the end, no $NAME that keepalived replaces",
};
