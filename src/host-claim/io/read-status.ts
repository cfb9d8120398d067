/** Reads what the holder of the agent's socket says, once the kernel has said that a trusted user holds it. */
import { once } from "node:events";
import { connect } from "node:net";
import { AgentError } from "../../errors.ts";
import { CLAIM_NAME, foreignHolderError, isTrustedUser } from "../holder.ts";
import { findHolders } from "./find-holders.ts";
import { peerUser } from "./peer-user.ts";

/**
 * The status of the agent that runs on this host, and each later one.
 *
 * @throws {AgentError} AGENT_UNREACHABLE if nobody answers in time, CLAIM_TAKEN if the holder is a user that runs no agent:
 *   nothing that it says is read.
 */
export async function* readStatus(timeoutMs: number, signal: AbortSignal): AsyncGenerator<unknown> {
  const socket = connect(`\0${CLAIM_NAME}`);
  const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  const stop = () => socket.destroy();
  signal.addEventListener("abort", stop, { once: true });
  socket.on("error", () => undefined); // the iteration below throws it
  let pending = "";
  try {
    await once(socket, "connect", { signal });
    const user = await peerUser(socket);
    if (!isTrustedUser(user, process.geteuid?.()))
      throw foreignHolderError(await findHolders(CLAIM_NAME), user);
    for await (const chunk of socket.setEncoding("utf8")) {
      const lines = (pending + chunk).split("\n");
      pending = lines.pop() ?? "";
      if (lines.length > 0) clearTimeout(timer);
      for (const line of lines) yield JSON.parse(line);
    }
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError("AGENT_UNREACHABLE", "no agent answers in this host network", { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    socket.destroy();
  }
}
