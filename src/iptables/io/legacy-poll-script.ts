/** The text of legacy-poll.pl. The bundle is one file, so build/bundle.ts puts the text in the place of this module. */
import { readFileSync } from "node:fs";

export const LEGACY_POLL_SCRIPT = readFileSync(new URL("../legacy-poll.pl", import.meta.url), "utf8");
