/** The agent of a host, asked over HTTP or at its socket, in the network of that host. */
import type { Status } from "../../../src/status/status.ts";
import { run } from "./command.ts";
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

/** What `status --json` prints, or undefined where no agent answers. */
export async function statusOf(host: Host): Promise<Status | undefined> {
  return host.statusReader.read();
}

/** Resident memory of the host's agent, bytes. */
export async function memoryOf(host: Host): Promise<number> {
  const { body } = await ask(host, "/metrics");
  return Number(/^process_resident_memory_bytes (\d+)$/m.exec(body)?.[1]);
}
