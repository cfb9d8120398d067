/** The files in examples: the parsers that they are for take them, and the agent takes every value in them. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseAnswers } from "../../src/metadata-server/answers.ts";
import { listMetadataGroups, readMetadata } from "../../src/settings/metadata-keys.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import { OF_BOTH, OF_RANCHER_COMPOSE } from "./compose-keys.ts";
import { parseCompose, ROOT, readText, type Service, TOP } from "./packaged-files.ts";

const names = readdirSync(path.join(ROOT, "examples"));
const ofKind = (ending: string) => names.filter((name) => name.endsWith(ending));
const agentOf = (name: string): Service => parseCompose(readText(`examples/${name}`)).services["keepalived"]!;
const topAgent = parseCompose(TOP.docker).services["keepalived"]!;

/** What the agent refuses in the metadata of a service, or does not know. */
function refused(metadata: unknown): unknown[] {
  return ["main", ...listMetadataGroups(metadata)].flatMap((group) => {
    const { own, shared } = readMetadata(group, metadata);
    return [...own.problems, ...shared.problems];
  });
}

it("are of five kinds, and each says in its first lines what it is for, where its form has comments", () => {
  const kinds = [".docker-compose.yml", ".rancher-compose.yml", ".env", "answers.yml"].flatMap(ofKind);

  expect(kinds.toSorted()).toEqual(names.toSorted());
  for (const name of ofKind(".yml")) expect(readText(`examples/${name}`), name).toMatch(/^# [A-Z]/);
});

describe.each(ofKind(".rancher-compose.yml"))("examples/%s", (name) => {
  const agent = agentOf(name);

  it("has keys of both parsers alone, and starts no second agent on a host", () => {
    expect(Object.keys(agent).filter((key) => !OF_RANCHER_COMPOSE.includes(key))).toEqual([]);
    expect(agent["upgrade_strategy"]).toEqual({ start_first: false });
  });

  it("has metadata of which the agent takes every key and value", () => {
    expect(refused(agent.metadata)).toEqual([]);
    expect(JSON.stringify(agent.metadata)).toContain("virtual_ip");
  });

  it("would not pass with a bad value", () => {
    expect(
      refused({ keepalived: { ...(agent.metadata as { keepalived: object }).keepalived, vrid: 300 } }),
    ).not.toEqual([]);
  });
});

describe.each(ofKind(".docker-compose.yml"))("examples/%s", (name) => {
  const agent = agentOf(name);

  it("has keys of both parsers alone, and the image with the tag of this version", () => {
    expect(Object.keys(agent).filter((key) => !OF_BOTH.includes(key))).toEqual([]);
    expect(agent.image.split(":").at(-1)).toBe(topAgent.image.split(":").at(-1));
  });
});

it("run the agent of two hosts with the rights, volumes and folders of the file at the top", () => {
  const { environment, ...rest } = agentOf("two-hosts.docker-compose.yml");
  const { environment: _, labels: __, ...top } = topAgent;

  expect(rest).toEqual(top);
  expect(() => parseSettings(environment as Record<string, string>)).not.toThrow();
});

it("give variables one a line, which is all that rancher-compose takes", () => {
  const lines = readText("examples/vips.env").trimEnd().split("\n");
  const env = Object.fromEntries(lines.map((line) => line.split("=")));

  expect(lines.filter((line) => !/^[A-Z_]+=[^"'#\s]+$/.test(line))).toEqual([]);
  expect(Object.keys(topAgent.environment ?? {})).toEqual(expect.arrayContaining(Object.keys(env)));
  expect(() => parseSettings(env)).not.toThrow();
});

it("have answers that the stand-in metadata service serves", () => {
  expect(parseAnswers(readText("examples/answers.yml"))).toMatchObject({
    shape: "plain",
    hostUuid: "host-1",
  });
});
