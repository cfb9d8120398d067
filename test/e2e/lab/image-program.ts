/** The built agent as the image runs it: with the settings of V8 and malloc in the image's own script. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { guardExit } from "./exit-guard.ts";
import { BUILT_PROGRAM } from "./metadata.ts";

const IMAGE = fileURLToPath(new URL("../../../image/", import.meta.url));
const SCRIPT = readFileSync(join(IMAGE, "rancher-keepalived.sh"), "utf8");
const [NODE = "", BUNDLE = ""] = BUILT_PROGRAM;

/** Of Node's command line, for `run`. */
export const IMAGE_FLAGS: readonly string[] = SCRIPT.match(/(?<=\s)--[a-z][a-z-]+(=\S+)?(?=\s)/g) ?? [];
const { NODE_COMPILE_CACHE: COMPILED = "", ...malloc } = Object.fromEntries(
  [...SCRIPT.matchAll(/^export (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]),
);
/** All but the compiled functions, which {@link compiledForImage} has. */
export const IMAGE_ENV: Readonly<Record<string, string>> = malloc;

/** Of Node's command line, for any other command. */
export const IMAGE_COMMAND_FLAGS: readonly string[] =
  /^exec .* node (.*) "\$@"$/m.exec(SCRIPT)?.[1]?.split(" ") ?? [];

/** The image's script for this repository's dist/, as the text of a shell script. */
export function imageScript(compiled = compiledForImage()): string {
  const program = SCRIPT.replace(/^program=.*$/m, `program=${BUNDLE}`).replace(COMPILED, compiled);
  const beside = program.replace("/usr/local/lib/rancher-keepalived/image/", IMAGE);
  return beside.replace(/(?<=^exec .* )node(?= )/m, NODE);
}

/** The command line without a subcommand. @param node the binary: the toolchain's unless told. */
export function imageProgram(node = NODE): readonly string[] {
  return [node, ...IMAGE_FLAGS, BUNDLE];
}

let compiledFolder: string | undefined;

/** NODE_COMPILE_CACHE: what the image's build compiles, made for dist/ once. It goes with this process. */
export function compiledForImage(): string {
  if (compiledFolder !== undefined) return compiledFolder;
  const folder = mkdtempSync(join(tmpdir(), "rk-compiled-"));
  guardExit(() => rmSync(folder, { recursive: true, force: true }));
  compiledFolder = join(folder, "compiled");
  writeFileSync(join(folder, "rancher-keepalived"), imageScript(compiledFolder), { mode: 0o755 });
  const env = { PATH: `${folder}:${process.env["PATH"]}` };
  execFileSync("sh", [join(IMAGE, "compile.sh")], { env });
  return compiledFolder;
}
