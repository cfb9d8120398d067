/** Builds the image from the Dockerfile, and says how large it is. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { CLIENT, type Engine } from "./engine.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BUILD_MS = 600_000;

export interface ImageSize {
  readonly bytes: number;
  /** Of all layers together, by `gzip -6`: what a host fetches. */
  readonly gzipBytes: number;
}

/** Gets the Dockerfile's bases into the engine: stand-ins made here, or those of the registry where `isPull`. */
export async function provideBases(engine: Engine, isPull: boolean): Promise<void> {
  const [debian, node] = [baseOf("DEBIAN_BASE"), baseOf("NODE_BASE")];
  if (isPull) {
    for (const base of [debian, node]) await engine.docker(["pull", base], BUILD_MS);
    return;
  }
  const env = { ...engine.environment, DOCKER: CLIENT };
  await execa("sh", [join(ROOT, "test/image/bases.sh"), debian, node], {
    env,
    timeout: BUILD_MS,
    cleanup: false,
  });
}

/** Builds `tag`, whose label holds `version`. */
export async function build(engine: Engine, tag: string, version: string): Promise<void> {
  const args = ["build", "--network", "host", "--build-arg", `VERSION=${version}`, "--tag", tag, ROOT];
  await engine.docker(args, BUILD_MS);
}

/** Saves the images into a file that `docker load` takes. @returns its path. */
export async function save(engine: Engine, tags: readonly string[]): Promise<string> {
  const file = join(engine.folder, "images.tar");
  await engine.docker(["save", "--output", file, ...tags], BUILD_MS);
  return file;
}

export async function sizeOf(engine: Engine, tag: string): Promise<ImageSize> {
  const bytes = Number(await engine.docker(["image", "inspect", "--format", "{{.Size}}", tag]));
  const { stdout } = await execa("sh", ["-c", `${CLIENT} save "$1" | gzip -6 | wc -c`, "sh", tag], {
    env: engine.environment,
    timeout: BUILD_MS,
    cleanup: false,
  });
  return { bytes, gzipBytes: Number(stdout) };
}

/** The default of an ARG of the Dockerfile. */
function baseOf(argument: string): string {
  const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8");
  const value = new RegExp(`^ARG ${argument}=(.+)$`, "m").exec(dockerfile)?.[1];
  if (value === undefined) throw new Error(`the Dockerfile has no ARG ${argument}`);
  return value;
}
