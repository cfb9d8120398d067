/** A lab whose metadata services, whatever runs its agents, are the stand-in: with a heap for a large environment. */
import { createLab, type Lab, type LabOptions } from "../e2e/lab/lab.ts";
import { BUILT_PROGRAM, standInMetadataServer } from "../e2e/lab/metadata.ts";

export function createBenchLab(options: LabOptions): Promise<Lab> {
  const metadataServer = standInMetadataServer(BUILT_PROGRAM);
  return createLab({ metadataServer, ...options });
}
