/**
 * The user at the other end of a connection, as the kernel noted it (SO_PEERCRED, unix(7)).
 *
 * Any process of the host network may take the name of the agent's socket, even one without rights. Node cannot ask the
 * kernel, so Perl does. It gets the descriptor of this connection.
 */
import { spawn } from "node:child_process";
import type { Socket } from "node:net";

const SCRIPT = `
use Socket qw(SOL_SOCKET SO_PEERCRED);
open(my $connection, "+<&=", 3) or exit 1;
my (undef, $user) = unpack("l3", getsockopt($connection, SOL_SOCKET, SO_PEERCRED) // exit 1);
print $user;
`;
const TIMEOUT_MS = 2_000;

/**
 * The uid of the process that listens at the other end, or that connected. The kernel shows a user of another user namespace
 * as 65534. Undefined where Perl cannot be run, or takes too long.
 *
 * @param socket connected. It is paused afterwards, and an iteration over it goes on.
 */
export async function peerUser(socket: Socket): Promise<number | undefined> {
  const child = spawn("perl", ["-e", SCRIPT], {
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
  return exitStatus === 0 ? Number(answer) : undefined;
}
