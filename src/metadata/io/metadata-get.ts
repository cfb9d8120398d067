/** How one path of metadata is read, with or without an error where it is missing. */
import { AgentError } from "../../errors.ts";

/** `MetadataClient.get`: JSON or text of a path; METADATA_NOT_FOUND where there is none. */
export type MetadataGet = (path: string, as?: "json" | "text") => Promise<unknown>;

export async function unlessNotFound(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AgentError && error.code === "METADATA_NOT_FOUND") return undefined;
    throw error;
  }
}
