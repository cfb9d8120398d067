/**
 * The process at the other end of a connection, and its user, as the kernel noted them (SO_PEERCRED, unix(7)).
 *
 * Any process of the host network may take the name of the agent's socket, even one without rights. Node cannot ask the
 * kernel, so Perl does. It gets the descriptor of this connection.
 */
import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { env } from "node:process";
import { bareEnvironment } from "../../system/child-command.ts";

const SCRIPT = `
use Socket qw(SOL_SOCKET SO_PEERCRED);
open(my $connection, "+<&=", 3) or exit 1;
my ($pid, $user) = unpack("l3", getsockopt($connection, SOL_SOCKET, SO_PEERCRED) // exit 1);
print "$pid $user";
`;
const TIMEOUT_MS = 2_000;

export interface Peer {
  /** 0 where the process is not visible from here. */
  readonly pid: number;
  /** The kernel shows a user of another user namespace as 65534. */
  readonly user: number;
}

/**
 * The process that began to listen at the other end, or that connected. Undefined where Perl cannot be run, or takes too long.
 *
 * @param socket connected. It is paused afterwards, and an iteration over it goes on.
 */
export async function peerOf(socket: Socket): Promise<Peer | undefined> {
  const child = spawn("perl", ["-e", SCRIPT], {
    env: bareEnvironment(env).env,
    stdio: ["ignore", "pipe", "ignore", socket],
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  let answer = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  const exitStatus = await new Promise((resolve) => {
    child.once("error", resolve);
    child.once("close", resolve);
  });
  if (exitStatus !== 0) return undefined;
  const [pid = 0, user] = answer.split(" ").map(Number);
  return user === undefined ? undefined : { pid, user };
}
