/** A host's own choice of programs: all of the machine's, but for a keepalived that a test may replace or take away. */
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Host } from "../lab/host.ts";
import { pathOf } from "../lab/requirements.ts";

export class OwnKeepalived {
  /** To be the agent's PATH. */
  readonly folder: string;
  readonly #file: string;

  constructor(host: Host) {
    this.folder = join(host.folder, "bin");
    this.#file = join(this.folder, "keepalived");
    mkdirSync(this.folder);
    const { PATH = "" } = process.env;
    for (const folder of PATH.split(delimiter).toReversed()) {
      for (const program of list(folder)) link(join(folder, program), join(this.folder, program));
    }
    this.restore();
  }

  /** The machine's own keepalived again. */
  restore(): void {
    link(pathOf("keepalived") ?? "", this.#file);
  }

  /** `keepalived` runs a shell script from now on. */
  replace(script: string): void {
    rmSync(this.#file, { force: true });
    writeFileSync(this.#file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  remove(): void {
    rmSync(this.#file, { force: true });
  }
}

function link(target: string, path: string): void {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
