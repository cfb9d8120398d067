/** Who holds the agent's socket where Perl is not asked, or cannot ask the kernel: then the socket's own user in `/proc` decides. */

import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";

const NAMESPACE = `rk${process.pid}untold`;
const PROGRAM = new URL("./claim-program.ts", import.meta.url).pathname;
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const WITHOUT_PERL = ["env", "PATH=/nonexistent"];
beforeAll(() => execa("ip", ["netns", "add", NAMESPACE]));
afterAll(() => execa("ip", ["netns", "del", NAMESPACE]));

async function firstLine(role: string, wrapper: readonly string[]): Promise<string | undefined> {
  const command = [...wrapper, process.execPath, PROGRAM, ...role.split(" ")];
  const child = execa("ip", ["netns", "exec", NAMESPACE, ...command], { reject: false });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await child;
  });
  const lines = child.iterable()[Symbol.asyncIterator]();
  return (await lines.next()).value as string | undefined;
}

it("reads the status of an agent of root", async () => {
  expect(await firstLine("claim", [])).toBe("claimed");

  expect(await firstLine("read", WITHOUT_PERL)).toBe('{"count":0}');
});

it.each([
  ["a user without rights", "squat", NOBODY, "runs as user 65534"],
  // the socket that listens is the user's, and the accepted one is root's
  ["a process of root that holds the socket of such a user", "squat-as-root", [], "cannot tell"],
])("reads nothing from %s", async (_who, role, wrapper, reason) => {
  expect(await firstLine(role, wrapper)).toBe("squatting");

  expect(await firstLine("read", WITHOUT_PERL)).toMatch(new RegExp(`^CLAIM_TAKEN: .* ${reason}`));
});

it.each([[""], ["ends"]])(
  "reads nothing from a user without rights who forges the row of a socket of root, and closes his own: %s",
  async (how) => {
    // as short as the path of a socket must be
    const folder = await mkdtemp("/tmp/rkf");
    onTestFinished(() => rm(folder, { recursive: true, maxRetries: 20 }));
    await chmod(folder, 0o777);
    const ofRoot = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void ofRoot.close());
    await once(ofRoot, "listening");
    const inode = await socketInode(process.pid);
    expect(await firstLine(`forge ${folder} ${inode} ${how}`.trim(), NOBODY)).toBe("squatting");

    // unreachable: the connection ended while the reader asked who holds it
    expect(await firstLine("read", WITHOUT_PERL)).toMatch(/^(CLAIM_TAKEN|AGENT_UNREACHABLE): /);
  },
);

/** The inode of one socket that a process has. */
async function socketInode(pid: number): Promise<string> {
  for (const descriptor of await readdir(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
    const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
    if (inode !== undefined) return inode;
  }
  throw new Error("no socket");
}

it("reads nothing from a process that is not visible", async () => {
  expect(await firstLine("claim", [])).toBe("claimed");

  const ownProcesses = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", ...WITHOUT_PERL];
  expect(await firstLine("read", ownProcesses)).toMatch(
    /^CLAIM_TAKEN: a process that is not visible from here .* without Perl, this command cannot tell whether it runs as root$/,
  );
});

it("asks /proc where Perl does not answer", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "rk-perl-"));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 20 }));
  await writeFile(path.join(folder, "perl"), "#!/bin/sh\nexec /bin/sleep 20\n", { mode: 0o755 });
  expect(await firstLine("claim", [])).toBe("claimed");

  expect(await firstLine("read 20000", ["env", `PATH=${folder}`])).toBe('{"count":0}');
});

it.each([
  [
    "without a child where the agent is among a few visible processes, as in a container",
    [],
    '{"count":0}',
    false,
  ],
  [
    "with a refusal where a user without rights has the name, after it asked Perl, too",
    NOBODY,
    "CLAIM_TAKEN: ",
    true,
  ],
])("answers %s", async (_how, asUser, answer, isPerlAsked) => {
  const folder = await mkdtemp(path.join(tmpdir(), "rk-perl-"));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 20 }));
  const asked = path.join(folder, "asked");
  await writeFile(path.join(folder, "perl"), `#!/bin/sh\n>${asked}\nexit 1\n`, { mode: 0o755 });
  // one namespace of processes for both
  const holder = asUser.length === 0 ? "claim" : "squat";
  const script = `${asUser.join(" ")} ${process.execPath} ${PROGRAM} ${holder} >/dev/null &
    until grep -q @rancher-keepalived /proc/net/unix; do sleep 0.05; done
    PATH=${folder} exec ${process.execPath} ${PROGRAM} read 20000`;
  const namespaces = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const child = execa("ip", ["netns", "exec", NAMESPACE, ...namespaces, "sh", "-c", script], {
    reject: false,
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await child;
  });
  const { value } = await child.iterable()[Symbol.asyncIterator]().next();

  expect(value).toMatch(new RegExp(`^${answer}`));
  expect(existsSync(asked)).toBe(isPerlAsked);
});
