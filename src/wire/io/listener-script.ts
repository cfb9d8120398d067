/** The text of listener.pl. The bundle is one file, so build/bundle.ts puts the text in the place of this module. */
import { readFileSync } from "node:fs";

export const LISTENER_SCRIPT = readFileSync(new URL("../listener.pl", import.meta.url), "utf8");
