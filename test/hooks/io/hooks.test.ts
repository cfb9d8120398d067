import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Hooks, openHooks } from "../../../src/hooks/io/hooks.ts";
import { instanceStatus } from "../../../src/keepalived/instance-status.ts";
import type { Status } from "../../../src/status/status.ts";
import { INSTANCE } from "../../fixtures/desired.ts";
import { statusOf } from "../../fixtures/status.ts";

const AT = "2026-11-22T14:00:00.000Z";

let folder: string;
let ends: (() => unknown)[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-hooks-"));
  ends = [];
});
afterEach(async () => {
  for (const end of ends) await end();
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

const inState = (state: string, name = "main"): Status =>
  statusOf({ instances: [instanceStatus({ ...INSTANCE, name }, { name: state, since: AT })] });

function hooksFor(
  options: { script?: string; url?: string },
  retryPausesMs: readonly number[] = [50, 50, 50],
): Hooks {
  const { script, url } = options;
  const hooks = openHooks({ script, url, retryPausesMs, log: pino({ level: "silent" }) });
  ends.push(hooks.close);
  hooks.notifyChanges(inState("BACKUP"));
  return hooks;
}

/** A server that notes what it gets, and answers as it is told. */
async function endpoint(answer: (response: ServerResponse, count: number) => void) {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    bodies.push(body);
    answer(response, bodies.length);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const states = () => bodies.map((body) => JSON.parse(body).state);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=x`, bodies, states };
}

const wrote = async (name: string) =>
  (await readFile(path.join(folder, name), "utf8").catch(() => "")).trim();

describe("a script", () => {
  it("gets the transition as JSON and as variables, and nothing of the agent's environment", async () => {
    const hooks = hooksFor({
      script: `cat > ${folder}/body; env | cut -d= -f1 | sort | tr '\\n' ' ' > ${folder}/names; echo "$GROUP $FROM $STATE $VIPS" > ${folder}/done`,
    });
    hooks.notifyChanges(inState("MASTER"));

    await expect.poll(() => wrote("done")).toBe("main BACKUP MASTER 198.51.100.50/32");
    expect(JSON.parse(await wrote("body"))).toEqual({
      at: AT,
      group: "main",
      state: "MASTER",
      from: "BACKUP",
      host: { uuid: "e3d3bd2b", name: "node-1" },
      interface: "eth0",
      vips: ["198.51.100.50/32"],
    });
    expect(await wrote("names")).toBe("FROM GROUP LC_ALL PATH PWD REASON STATE VIPS");
  });

  it("runs one at a time in a group, and gets the last of many transitions", async () => {
    const hooks = hooksFor({
      script: `echo "$STATE begins" >> ${folder}/log; sleep 0.3; echo "$STATE ends" >> ${folder}/log`,
    });
    for (const state of ["MASTER", "BACKUP", "FAULT", "BACKUP", "MASTER", "FAULT"])
      hooks.notifyChanges(inState(state));

    await expect.poll(() => wrote("log")).toBe("MASTER begins\nMASTER ends\nFAULT begins\nFAULT ends");
  });

  it("is retried when it fails", async () => {
    const hooks = hooksFor({ script: `echo "$STATE" >> ${folder}/log; [ $(wc -l < ${folder}/log) -ge 3 ]` });
    hooks.notifyChanges(inState("MASTER"));

    await expect.poll(() => wrote("log")).toBe("MASTER\nMASTER\nMASTER");
  });

  it("that hangs is killed with all its processes, and does not delay the end of the agent", async () => {
    const hooks = hooksFor({ script: `sleep 600 & echo $! > ${folder}/pid; wait` });
    hooks.notifyChanges(inState("MASTER"));
    await expect.poll(() => wrote("pid")).not.toBe("");
    const startMs = performance.now();

    await hooks.close();

    expect(performance.now() - startMs).toBeLessThan(8_000);
    const pid = await wrote("pid");
    const state = () => readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z ");
    await expect.poll(state).toMatch(/\) Z /);
  });
});

describe("a start", () => {
  const starting = (options: { startFaultMs?: number } = {}): Hooks => {
    const script = `echo "$FROM $STATE $REASON" >> ${folder}/log`;
    const hooks = openHooks({ script, url: undefined, ...options, log: pino({ level: "silent" }) });
    ends.push(hooks.close);
    hooks.notifyChanges(inState("UNKNOWN"));
    return hooks;
  };
  const withHealth = (health: Partial<Status["health"][number]>): Status => {
    const whole = {
      group: "main",
      isHealthy: false,
      isDrained: false,
      drainedBy: undefined,
      heldBy: undefined,
    };
    return { ...inState("FAULT"), health: [{ ...whole, checks: [], ...health }] };
  };
  const check = { name: "tcp", reason: "refused", since: AT, onset: AT };

  it("that is healthy tells no FAULT", async () => {
    const hooks = starting();
    hooks.notifyChanges(withHealth({ heldBy: "this host listens for another owner first" }));
    hooks.notifyChanges(withHealth({ checks: [{ ...check, verdict: "unknown" }] }));
    hooks.notifyChanges(inState("BACKUP"));

    await expect.poll(() => wrote("log")).toBe("UNKNOWN BACKUP");
  });

  it.each([
    {
      why: "a check fails",
      health: { checks: [{ ...check, verdict: "unhealthy" as const }] },
      told: "UNKNOWN FAULT tcp: refused",
    },
    {
      why: "the host is drained",
      health: { isDrained: true, drainedBy: "command" },
      told: "UNKNOWN FAULT drained by command",
    },
  ])("tells of a FAULT where $why", async ({ health, told }) => {
    const hooks = starting();
    hooks.notifyChanges(withHealth({}));
    hooks.notifyChanges(withHealth(health));

    await expect.poll(() => wrote("log")).toBe(told);
  });

  it("tells of a FAULT without a reason where it lasts", async () => {
    starting({ startFaultMs: 50 }).notifyChanges(withHealth({}));

    await expect.poll(() => wrote("log")).toBe("UNKNOWN FAULT");
  });
});

describe("a URL", () => {
  it("gets each transition as JSON, in order where it is fast", async () => {
    const server = await endpoint((response) => response.writeHead(204).end());
    const hooks = hooksFor({ url: server.url });
    for (const [index, state] of ["MASTER", "BACKUP", "FAULT"].entries()) {
      hooks.notifyChanges(inState(state));
      await expect.poll(server.states).toHaveLength(index + 1);
    }

    expect(server.states()).toEqual(["MASTER", "BACKUP", "FAULT"]);
  });

  it("is retried after errors and redirects until it accepts the notification", async () => {
    const server = await endpoint((response, count) => {
      if (count === 1) response.writeHead(500).end();
      else if (count === 2) response.writeHead(302, { location: "http://192.0.2.1/" }).end();
      else if (count === 3) response.destroy();
      else response.end("ok");
    });
    hooksFor({ url: server.url }).notifyChanges(inState("MASTER"));

    await expect.poll(server.states).toEqual(["MASTER", "MASTER", "MASTER", "MASTER"]);
  });

  it("that is down gets only the last state when it is back", async () => {
    let isUp = false;
    const server = await endpoint((response) => void response.writeHead(isUp ? 200 : 503).end());
    const hooks = hooksFor(
      { url: server.url },
      Array.from({ length: 200 }, () => 20),
    );
    hooks.notifyChanges(inState("MASTER"));
    await expect.poll(server.states).toContain("MASTER");
    hooks.notifyChanges(inState("FAULT"));
    hooks.notifyChanges(inState("BACKUP"));
    isUp = true;

    await expect.poll(() => server.states().at(-1)).toBe("BACKUP");
    expect(server.states()).not.toContain("FAULT");
  });

  it("does not delay another group or the script", async () => {
    const server = await endpoint((response, count) => {
      if (count > 1) response.end();
    });
    const hooks = hooksFor({ url: server.url, script: `echo $GROUP >> ${folder}/log` });
    hooks.notifyChanges(inState("MASTER"));
    await expect.poll(server.states).toHaveLength(1);
    hooks.notifyChanges(inState("MASTER", "web"));

    await expect.poll(() => server.bodies.map((body) => JSON.parse(body).group)).toEqual(["main", "web"]);
    await expect.poll(() => wrote("log")).toBe("main\nweb");
  });
});

it("notifies of the last transition while the agent ends", async () => {
  const server = await endpoint((response) => response.end());
  const hooks = hooksFor({ url: server.url });
  hooks.notifyChanges(inState("STOP"));

  await hooks.close();

  expect(server.states()).toEqual(["STOP"]);
});

it("says why this host is barred from the VIPs", async () => {
  const server = await endpoint((response) => response.end());
  const hooks = hooksFor({ url: server.url });
  const [health] = statusOf({}).health;
  const drained = { ...health!, isHealthy: false, isDrained: true, drainedBy: "command" };
  hooks.notifyChanges({ ...inState("FAULT"), health: [drained] });

  await expect
    .poll(() => server.bodies.map((body) => JSON.parse(body).reason))
    .toEqual(["drained by command"]);
});
