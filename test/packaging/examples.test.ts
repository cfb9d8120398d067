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

it("are of six kinds, and each says in its first lines what it is for, where its form has comments", () => {
  const kinds = [".docker-compose.yml", ".rancher-compose.yml", ".env", ".service", "answers.yml"].flatMap(
    ofKind,
  );

  expect(kinds.toSorted()).toEqual(names.toSorted());
  for (const name of [...ofKind(".yml"), ...ofKind(".service")])
    expect(readText(`examples/${name}`), name).toMatch(/^# [A-Z]/);
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
  const { environment, image: _, ...rest } = agentOf("two-hosts.docker-compose.yml");
  const { environment: __, labels: ___, image: ____, ...top } = topAgent;

  expect(rest).toEqual(top);
  expect(() => parseSettings(environment as Record<string, string>)).not.toThrow();
});

describe("examples/rancher-keepalived.service", () => {
  const unit = readText("examples/rancher-keepalived.service");
  const assignments = unit.split("\n").filter((line) => line !== "" && !/^[#[]/.test(line));
  const valuesOf = (key: string) =>
    assignments.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  const environment = Object.fromEntries(valuesOf("Environment").map((text) => text.split("=")));

  it("is a unit file with the sections that systemd reads", () => {
    expect(unit.match(/^\[\w+\]$/gm)).toEqual(["[Unit]", "[Service]", "[Install]"]);
    expect(assignments.filter((line) => !/^[A-Z]\w+=\S.*$/.test(line))).toEqual([]);
  });

  it("gives the agent the settings of the other example of two hosts, and a STATE_DIR that outlives it", () => {
    const { environment: expected } = agentOf("two-hosts.docker-compose.yml");

    expect(environment).toEqual({ ...expected, STATE_DIR: topAgent.environment?.["STATE_DIR"] });
    expect(() => parseSettings(environment)).not.toThrow();
  });

  it("starts what install.md installs, again and again, but not with bad settings", () => {
    const [program = ""] = valuesOf("ExecStart");

    expect(readText("docs/use/install.md")).toMatch(new RegExp(`^ln -s \\S+ ${program}$`, "m"));
    expect([valuesOf("Restart"), valuesOf("RestartPreventExitStatus")]).toEqual([["always"], ["78"]]);
  });

  it("leaves keepalived alive when the agent dies, so that it can release its VIPs", () => {
    // The default sends SIGTERM to what is left of a dead service. `mixed` kills it, `process` leaves it running.
    expect(valuesOf("KillMode")).toEqual([]);
  });
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
