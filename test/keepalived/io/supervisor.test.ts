import { expect, it } from "vitest";
import { AgentError } from "../../../src/errors.ts";
import type { InstanceDump } from "../../../src/keepalived/dump.ts";
import type { KeepalivedExit } from "../../../src/keepalived/exit.ts";
import type { RunningKeepalived } from "../../../src/keepalived/io/daemon.ts";
import { superviseKeepalived } from "../../../src/keepalived/io/supervisor.ts";

/** A keepalived that does what the test says, and writes down what was done to it. */
function stage() {
  const events: string[] = [];
  const ends: string[] = [];
  const stop = new AbortController();
  const running: { end: (exit?: Partial<KeepalivedExit>) => void }[] = [];
  let failStart: AgentError | undefined;
  let onEvent: (() => void) | undefined;
  const note = (event: string) => {
    events.push(event);
    onEvent?.();
  };
  let gate: Promise<void> | undefined;
  let failReload: AgentError | undefined;
  const start = async (): Promise<RunningKeepalived> => {
    note("start");
    await gate;
    if (failStart !== undefined) throw failStart;
    const exited = Promise.withResolvers<KeepalivedExit>();
    const end = (exit: Partial<KeepalivedExit> = {}) =>
      exited.resolve({ exitCode: undefined, signal: "SIGKILL", uptimeMs: 1, ...exit });
    running.push({ end });
    const states: InstanceDump[] = [];
    return {
      pid: running.length,
      dumpAtStart: states,
      exitError: async (when) => new AgentError("KEEPALIVED_EXITED", `it ended ${when}`),
      exited: exited.promise,
      dump: async () => states,
      findStopped: () => [],
      continueStopped: () => undefined,
      kill: () => {
        note("kill");
        end();
      },
      reload: async () => {
        note("reload");
        if (failReload !== undefined) throw failReload;
        return states;
      },
      stop: async () => {
        note("stop");
        end({ signal: undefined, exitCode: 0 });
        return exited.promise;
      },
    };
  };
  const supervisor = superviseKeepalived({
    start,
    removeVips: async () => note("removeVips"),
    onStart: () => note("onStart"),
    onDump: () => undefined,
    onEnd: (error) => {
      ends.push((error as AgentError).message);
      note(`onEnd ${(error as AgentError).code}`);
    },
    signal: stop.signal,
  });
  const until = async (event: string, count = 1) => {
    while (events.filter((other) => other === event).length < count) {
      await new Promise<void>((resolve) => {
        onEvent = resolve;
      });
    }
  };
  return {
    events,
    ends,
    supervisor,
    running,
    stop,
    until,
    holdStart: () => {
      const held = Promise.withResolvers<void>();
      gate = held.promise;
      return held.resolve;
    },
    failReloadWith: (error: AgentError | undefined) => {
      failReload = error;
    },
    failStartWith: (error: AgentError | undefined) => {
      failStart = error;
    },
  };
}

it("starts keepalived at the first take and reloads it at each later one", async () => {
  const { events, supervisor, stop } = stage();

  await supervisor.startOrReload();
  await supervisor.startOrReload();
  stop.abort();
  await supervisor.stopped;

  expect(events).toEqual(["start", "onStart", "reload", "stop", "stop", "removeVips"]);
});

it("reloads again after a reload that was not confirmed, and then no more", async () => {
  const { events, supervisor, stop, failReloadWith } = stage();
  await supervisor.startOrReload();
  failReloadWith(new AgentError("RELOAD_UNCONFIRMED", "it timed out"));
  await expect(supervisor.startOrReload()).rejects.toMatchObject({ code: "RELOAD_UNCONFIRMED" });
  await expect(supervisor.ensureRead()).rejects.toMatchObject({ code: "RELOAD_UNCONFIRMED" });

  failReloadWith(undefined);
  await supervisor.ensureRead();
  await supervisor.ensureRead();

  expect(events.filter((event) => event === "reload")).toHaveLength(3);
  stop.abort();
  await supervisor.stopped;
});

it("reloads no keepalived that was started after the last request", async () => {
  const { events, supervisor, running, stop, until, failReloadWith } = stage();
  await supervisor.startOrReload();
  failReloadWith(new AgentError("KEEPALIVED_EXITED", "it was killed"));
  await expect(supervisor.startOrReload()).rejects.toMatchObject({ code: "KEEPALIVED_EXITED" });
  running[0]?.end();
  await until("onStart", 2);

  await supervisor.ensureRead();

  expect(events.filter((event) => event === "reload")).toHaveLength(1);
  stop.abort();
  await supervisor.stopped;
});

it("starts keepalived after a pause in which the first request came", async () => {
  const { events, supervisor, stop, until } = stage();
  supervisor.setPause("the disk is broken");
  await expect(supervisor.startOrReload()).rejects.toMatchObject({ code: "KEEPALIVED_EXITED" });
  expect(events).toEqual([]);

  supervisor.setPause(undefined);
  await until("onStart");
  await supervisor.ensureRead();

  expect(events).toEqual(["start", "onStart"]);
  stop.abort();
  await supervisor.stopped;
});

it("starts nothing before the first take", async () => {
  const { events, supervisor, stop } = stage();
  stop.abort();
  await supervisor.stopped;

  expect(events).toEqual([]);
});

it("removes the VIPs of a keepalived that ended before it starts another", async () => {
  const { events, supervisor, running, stop, until } = stage();
  await supervisor.startOrReload();

  running[0]?.end();
  await until("start", 2);
  stop.abort();
  await supervisor.stopped;

  const afterEnd = events.slice(events.indexOf("onEnd KEEPALIVED_EXITED"));
  expect(afterEnd.slice(0, 4)).toEqual(["onEnd KEEPALIVED_EXITED", "stop", "removeVips", "start"]);
});

it.each([
  { how: "gently", end: "stop" },
  { how: "by force", end: "kill" },
] as const)("replaces $how a keepalived that is not well, and tells why", async ({ how, end }) => {
  const { events, ends, supervisor, stop, until } = stage();
  await supervisor.startOrReload();

  supervisor.restart("it did not answer", how);
  await until("start", 2);
  stop.abort();
  await supervisor.stopped;

  const firstEnd = events.slice(events.indexOf("onStart") + 1);
  expect(firstEnd.slice(0, 5)).toEqual([end, "onEnd KEEPALIVED_EXITED", "stop", "removeVips", "start"]);
  expect(ends).toEqual(["it ended because it did not answer"]);
});

it("does not wait longer and longer where the agent itself replaces keepalived", async () => {
  const { supervisor, stop, until } = stage();
  await supervisor.startOrReload();
  const beganMs = performance.now();

  for (let count = 1; count <= 6; count += 1) {
    supervisor.restart("it is not well", "gently");
    await until("onStart", count + 1);
  }
  stop.abort();
  await supervisor.stopped;

  // six pauses of 0.2 s; they took 12.6 s as long as each was twice the last one
  expect(performance.now() - beganMs).toBeLessThan(9_000);
});

it("ends keepalived for a pause, takes nothing during it, and starts another when it is over", async () => {
  const { events, ends, supervisor, stop, until } = stage();
  await supervisor.startOrReload();

  supervisor.setPause("the disk is broken");
  await until("removeVips");
  await expect(supervisor.startOrReload()).rejects.toMatchObject({ code: "KEEPALIVED_EXITED" });
  // as the delay before a start, and more
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(events.filter((event) => event === "start")).toHaveLength(1);
  supervisor.setPause(undefined);
  await until("start", 2);
  stop.abort();
  await supervisor.stopped;

  expect(ends).toEqual(["it ended because the disk is broken"]);
});

it("stops a keepalived that was being started when a pause began, and ends in a pause", async () => {
  const { events, supervisor, stop, until, holdStart } = stage();
  const release = holdStart();
  const taking = supervisor.startOrReload().catch((error: unknown) => error);
  await until("start");
  supervisor.setPause("the disk is broken");
  release();
  await until("removeVips");
  expect(events).not.toContain("onStart");

  stop.abort();
  await supervisor.stopped;
  expect(await taking).toMatchObject({
    code: "KEEPALIVED_EXITED",
    message: "keepalived is kept stopped: the disk is broken",
  });
});

it("tells a caller that waits for the next start of a pause, and does not leave it waiting", async () => {
  const { supervisor, stop, until, failStartWith } = stage();
  failStartWith(new AgentError("KEEPALIVED_EXITED", "bad file"));
  await supervisor.startOrReload().catch(() => undefined);
  await until("removeVips");
  const waiting = supervisor.startOrReload();
  supervisor.setPause("the disk is broken");

  await expect(waiting).rejects.toThrow("keepalived is kept stopped: the disk is broken");
  stop.abort();
  await supervisor.stopped;
});

it("reports to the caller why keepalived did not start, and retries by itself", async () => {
  const { supervisor, stop, until, failStartWith } = stage();
  failStartWith(new AgentError("KEEPALIVED_UNAVAILABLE", "no such program"));

  await expect(supervisor.startOrReload()).rejects.toMatchObject({ code: "KEEPALIVED_UNAVAILABLE" });
  failStartWith(undefined);
  await until("onStart");
  stop.abort();
  await supervisor.stopped;
});

it("starts at once for a take, however long the delay has grown, and without a reload on top", async () => {
  const { events, supervisor, stop, failStartWith } = stage();
  failStartWith(new AgentError("KEEPALIVED_EXITED", "bad file"));
  for (let tries = 0; tries < 8; tries += 1) await supervisor.startOrReload().catch(() => undefined);

  failStartWith(undefined);
  const startedMs = performance.now();
  await supervisor.startOrReload();

  expect(performance.now() - startedMs).toBeLessThan(10_000);
  expect(events).not.toContain("reload");
  stop.abort();
  await supervisor.stopped;
});

it("stops a keepalived whose start was under way when the agent stopped", async () => {
  const { events, supervisor, stop, until, holdStart } = stage();
  const release = holdStart();
  const taking = supervisor.startOrReload().catch((error: unknown) => error);
  await until("start");
  stop.abort();
  release();
  await supervisor.stopped;

  expect(await taking).toMatchObject({ code: "KEEPALIVED_EXITED" });
  expect(events.at(-1)).toBe("removeVips");
});
