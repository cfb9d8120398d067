/** docker-compose's own word on the files: it is the strictest of the parsers in what a variable may be. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { type ComposeFile, DEFAULT_ANSWERS, launch, parseCompose, TOP } from "./packaged-files.ts";
import { parseYaml } from "./yaml-1-1.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "docker-compose-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }));

/** What docker-compose makes of a file. @throws {Error} where it refuses it. */
async function resolve(text: string, env: Record<string, string> = {}): Promise<ComposeFile> {
  const file = path.join(folder, "docker-compose.yml");
  writeFileSync(file, text);
  const { stdout } = await execa("docker-compose", ["-f", file, "config"], {
    env: { PATH: process.env["PATH"], ...env },
    extendEnv: false,
  });
  return parseYaml(stdout) as ComposeFile;
}

it("takes the top-level file, and hands over the variables of its caller", async () => {
  const { services } = await resolve(TOP.docker, { METADATA_URL: "off", VIRTUAL_IP: "192.168.10.100/24" });

  expect(services["keepalived"]?.environment).toMatchObject({
    METADATA_URL: "off",
    VIRTUAL_IP: "192.168.10.100/24",
    STATE_DIR: "/var/lib/rancher-keepalived",
    LOG_LEVEL: null,
  });
});

it("takes what Rancher starts from the catalog entry, but for the keys that only Rancher has", async () => {
  const { version, services } = launch({ ...DEFAULT_ANSWERS, NONLOCAL_BIND: "true" });
  const plain = Object.entries(services).map(([name, { metadata: _, upgrade_strategy: __, ...service }]) => [
    name,
    service,
  ]);

  const resolved = await resolve(
    // docker-compose reads YAML 1.1, where a bare `off` is false
    stringify({ version, services: Object.fromEntries(plain) }, { version: "1.1" }),
  );

  expect(Object.keys(resolved.services)).toEqual(["keepalived", "nonlocal-bind"]);
});

it.each([
  ["a variable that is no text", TOP.docker.replace("SERVICE_NAME: keepalived", "SERVICE_NAME: true")],
  ["a key that it does not know", TOP.docker.replace("read_only", "readonly")],
])("would not take %s", async (_, text) => {
  expect(text).not.toBe(TOP.docker);
  expect(() => parseCompose(text)).not.toThrow();
  await expect(resolve(text)).rejects.toThrow("invalid");
});
