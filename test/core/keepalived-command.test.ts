import { expect, it } from "vitest";
import { keepalivedEnvironment, pidFilesIn, startArguments } from "../../src/core/keepalived-command.ts";

it("keepalived is started in the foreground, with pid files of its own, and dies with its parent", () => {
  expect(startArguments("/etc/keepalived/keepalived.conf", "/run/agent").join(" ")).toBe(
    "--pdeathsig TERM keepalived -n -l -D -G -P -f /etc/keepalived/keepalived.conf " +
      "-p /run/agent/keepalived.pid -r /run/agent/vrrp.pid",
  );
});

it("a later agent finds the pid files under the names on the command line", () => {
  const { parent, vrrp } = pidFilesIn("/run/agent");

  expect(startArguments("conf", "/run/agent")).toEqual(expect.arrayContaining([parent, vrrp]));
});

it("keepalived gets the way to its programs and nothing else of the agent's environment", () => {
  expect(keepalivedEnvironment({ PATH: "/bin", AUTH_PASS: "secret" }, "/run/agent/dump")).toEqual({
    PATH: "/bin",
    LC_ALL: "C",
    TMPDIR: "/run/agent/dump",
  });
});
