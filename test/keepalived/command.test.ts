import { expect, it } from "vitest";
import { pidFilesIn, startCommand } from "../../src/keepalived/command.ts";

it("keepalived is started in the foreground, with pid files of its own, and dies with its parent", () => {
  const [program, args] = startCommand("/etc/keepalived/keepalived.conf", "/run/agent", false);

  expect([program, ...args.slice(0, 4)]).toEqual(["setpriv", "--pdeathsig", "TERM", "/bin/sh", "-c"]);
  expect(args[4]).toMatch(/\nexec keepalived "\$@"$/);
  expect(args.slice(5).join(" ")).toBe(
    "keepalived -n -l -D -G -P -f /etc/keepalived/keepalived.conf " +
      "-p /run/agent/keepalived.pid -r /run/agent/vrrp.pid",
  );
});

it("a later agent finds the pid files under the names on the command line", () => {
  const { parent, vrrp } = pidFilesIn("/run/agent");

  expect(startCommand("conf", "/run/agent", true).flat()).toEqual(expect.arrayContaining([parent, vrrp]));
});

it("keepalived gets real-time priority only where it is wanted, and starts without chrt", () => {
  const scriptWith = (wantsRealtime: boolean) => startCommand("conf", "/run/agent", wantsRealtime)[1][4];

  expect(scriptWith(true)).toMatch(/\nchrt -r -p 10 \$\$ >\/dev\/null 2>&1\nexec keepalived "\$@"$/);
  expect(scriptWith(false)).not.toContain("chrt");
});
