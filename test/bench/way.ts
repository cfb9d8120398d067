/** The ways in which a host of the lab gets its virtual IPs: by the agent, or by keepalived alone. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../e2e/lab/container.ts";
import type { Host } from "../e2e/lab/host.ts";
import { compiledForImage, IMAGE_ENV } from "../e2e/lab/image-program.ts";
import { type BaselineSettings, baselineConf, baselineScript } from "./baseline.ts";

export interface Way {
  start(host: Host): Promise<Container>;
}

/** The agent with its port check, as the image runs it. `env` adds to its settings; undefined removes one. */
export function agentWay(env: Readonly<Record<string, string | undefined>> = {}): Way {
  return {
    start: async (host) => {
      const compiled = { NODE_COMPILE_CACHE: compiledForImage() };
      const settings = { CHECK_PORT: "80", LOG_LEVEL: "info", ...IMAGE_ENV, ...compiled, ...env };
      return (await host.startAgent(settings)).container;
    },
  };
}

export function baselineWay(settings: Partial<BaselineSettings> = {}): Way {
  return {
    start: async (host) => {
      const confFile = join(host.folder, "baseline.conf");
      writeFileSync(confFile, baselineConf(settings));
      return host.startContainer(baselineScript(confFile));
    },
  };
}
