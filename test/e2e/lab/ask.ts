/** The agent of a host, asked over HTTP or at its socket, in the network of that host. */
import { execFile } from "node:child_process";
import { CLAIM_NAME, isStatus } from "../../../src/host-claim/holder.ts";
import type { Status } from "../../../src/status/status.ts";
import { inNamespace, run } from "./command.ts";
import type { Host } from "./host.ts";

/** Where an agent listens unless told otherwise. */
export const AGENT_URL = "http://127.0.0.1:9650";
export const HTTP_CLIENT = new URL("./http-client-program.ts", import.meta.url).pathname;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export async function ask({ namespace }: Host, path: string): Promise<Answer> {
  return JSON.parse(await run([process.execPath, HTTP_CLIENT, `${AGENT_URL}${path}`], { namespace }));
}

/** Prints the first line that comes from an abstract socket. A frozen agent is waited for as long as by `status`. */
const FIRST_LINE = `use Socket; alarm 3;
  socket(my $s, AF_UNIX, SOCK_STREAM, 0) or exit 1;
  connect($s, sockaddr_un("\\0$ARGV[0]")) or exit 1;
  print scalar <$s>;`;

/**
 * What `status --json` prints, or undefined where no agent answers. Perl asks: it starts in a tenth of the time that the
 * product needs, and scenarios ask a thousand times.
 */
export async function statusOf({ namespace }: Pick<Host, "namespace">): Promise<Status | undefined> {
  const [file = "", ...args] = inNamespace(["perl", "-e", FIRST_LINE, CLAIM_NAME], namespace);
  const line = await new Promise<string>((resolve) => {
    execFile(file, args, { maxBuffer: 16_000_000 }, (_error, stdout) => resolve(stdout));
  });
  if (!line.endsWith("\n")) return undefined;
  const answer: unknown = JSON.parse(line);
  return isStatus(answer) ? answer : undefined;
}

/** Resident memory of the host's agent, bytes. */
export async function memoryOf(host: Host): Promise<number> {
  const { body } = await ask(host, "/metrics");
  return Number(/^process_resident_memory_bytes (\d+)$/m.exec(body)?.[1]);
}
