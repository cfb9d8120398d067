/** The command `metadata-server`: the one file that loads the stand-in for Rancher's metadata service. */
import { openMetadataServer } from "../metadata-server/io/server.ts";
import { endpointOf } from "../settings/value-network.ts";
import { printableJson } from "../text/escape.ts";
import { type CommandContext, usageError } from "./command.ts";
import type { OptionValues } from "./options.ts";

/** Serves until the signal aborts. @throws {AgentError} USAGE, ANSWERS_INVALID, LISTEN_FAILED */
export async function metadataServerCommand(
  { openLog, signal }: CommandContext,
  { answers = "", listen = "" }: OptionValues,
): Promise<number> {
  const endpoint = endpointOf(listen);
  if (endpoint === undefined) {
    throw usageError("metadata-server", [`--listen takes ADDR:PORT, not ${printableJson(listen)}`]);
  }
  const server = await openMetadataServer({
    ...endpoint,
    answersFile: answers,
    log: await openLog("info"),
    signal,
  });
  await server.closed;
  return 0;
}
