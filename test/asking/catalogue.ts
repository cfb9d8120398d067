/** All cases, in the order in which they are played: those that last at the end. */
import type { Case } from "./case.ts";
import { BLIP } from "./case-blip.ts";
import { DEAD } from "./case-dead.ts";
import { LOAD } from "./case-load.ts";
import { LOSSY } from "./case-lossy.ts";
import { MUTE } from "./case-mute.ts";
import { PARTITION } from "./case-partition.ts";
import { PAUSED } from "./case-pause.ts";

export const CASES: readonly Case[] = [BLIP, DEAD, PAUSED, MUTE, PARTITION, LOSSY, LOAD];
