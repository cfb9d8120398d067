/** A lab whose agents run as in the image; its metadata services do not: a large environment needs a larger heap. */
import { createLab, type Lab, type LabOptions } from "../e2e/lab/lab.ts";
import { BUILT_PROGRAM, standInMetadataServer } from "../e2e/lab/metadata.ts";
import { imageProgram } from "./image-program.ts";

export function createBenchLab(options: LabOptions): Promise<Lab> {
  const metadataServer = standInMetadataServer(BUILT_PROGRAM);
  return createLab({ program: imageProgram(), metadataServer, ...options });
}
