/** The built agent as the image runs it: with the settings of V8 and malloc in the image's own script. */
import { readFileSync } from "node:fs";
import { BUILT_PROGRAM } from "./metadata.ts";

const SCRIPT = readFileSync(new URL("../../../image/rancher-keepalived.sh", import.meta.url), "utf8");
const [NODE = "", BUNDLE = ""] = BUILT_PROGRAM;

/** Of Node's command line, for `run`. */
export const IMAGE_FLAGS: readonly string[] = SCRIPT.match(/(?<=\s)--[a-z][a-z-]+(=\S+)?(?=\s)/g) ?? [];
export const IMAGE_ENV: Readonly<Record<string, string>> = Object.fromEntries(
  [...SCRIPT.matchAll(/^export (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]),
);

/** Of Node's command line, for any other command. */
export const IMAGE_COMMAND_FLAGS: readonly string[] =
  /^exec node (.*) "\$@"$/m.exec(SCRIPT)?.[1]?.split(" ") ?? [];

/** The image's script for this repository's dist/, as the text of a shell script. */
export function imageScript(): string {
  const program = SCRIPT.replace(/^program=.*$/m, `program=${BUNDLE}`);
  return program.replace("exec node", `exec ${NODE}`);
}

/** The command line without a subcommand. @param node the binary: the toolchain's unless told. */
export function imageProgram(node = NODE): readonly string[] {
  return [node, ...IMAGE_FLAGS, BUNDLE];
}
