/** Reads one path of metadata, with or without an error where the path is missing. */
import { AgentError } from "../../errors.ts";

/** `MetadataClient.get`. @throws {AgentError} METADATA_NOT_FOUND where the path is missing. */
export type MetadataGet = (path: string, as?: "json" | "text") => Promise<unknown>;

/** The answer, or undefined where the path is missing. */
export async function unlessNotFound(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AgentError && error.code === "METADATA_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Whether the server ended the connection without an answer, as it does for a path that goes on below a null. */
export function isConnectionClosed(error: unknown): boolean {
  if (!(error instanceof AgentError) || error.code !== "METADATA_UNREACHABLE") return false;
  return error.cause instanceof Error && "code" in error.cause && error.cause.code === "ECONNRESET";
}
