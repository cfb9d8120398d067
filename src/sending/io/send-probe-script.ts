/** The text of send-probe.pl. The bundle is one file, so build/bundle.ts puts the text in the place of this module. */
import { readFileSync } from "node:fs";

export const SEND_PROBE_SCRIPT = readFileSync(new URL("../send-probe.pl", import.meta.url), "utf8");
