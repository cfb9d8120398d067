/**
 * A candidate is a text that may become keepalived.conf. It is judged in a file beside keepalived.conf. A refused one
 * is kept where an operator can read it. One that keepalived failed with is barred for a time.
 */
import path from "node:path";
import type { Logger } from "pino";
import { discardCandidate, keepRejected, writeCandidate } from "../../conf/io/conf-file.ts";
import type { ConfPaths } from "../../conf/paths.ts";
import { verifyConf } from "../../conf/verify.ts";
import { AgentError } from "../../errors.ts";
import type { StateDir } from "../../system/io/state-dir.ts";
import type { Desired } from "../../vrrp/instance.ts";
import { KeepalivedExitError } from "../exit.ts";

/** A text that keepalived refused on reload is not tried again for this long. */
const REFUSED_BAR_MS = 60_000;
/** A text that keepalived exited with is not tried again for this long: each try is an outage. */
const EXITED_BAR_MS = 3_600_000;

export interface CandidatesOptions {
  readonly conf: string;
  readonly stateDir: StateDir;
  readonly confPaths: ConfPaths;
  /** `keepalived -t` on a file. */
  readonly validate: (file: string) => Promise<void>;
  readonly log: Logger;
}

export interface CandidateText {
  readonly text: string;
  /** The same without passwords, for the files in STATE_DIR. */
  readonly textWithoutPasswords: string;
}

/** A configuration that keepalived is to run. */
export interface WantedConf extends CandidateText {
  /** What the text says. */
  readonly desired: Desired;
  /**
   * The kernel's indices of the interfaces. A change of them needs a reload: keepalived 2.2.7 neither sends nor receives on
   * an interface that was deleted and made again.
   */
  readonly interfaces: string;
  /** Called when keepalived accepts the text and is about to run it. */
  readonly onAccepted?: () => void;
}

export interface Candidates {
  /** The file with the last refused candidate; undefined where none was refused since `clear` or `withdraw`. */
  readonly rejected: string | undefined;
  /**
   * Writes the text beside keepalived.conf and judges it. Resolves with the path of the candidate.
   *
   * @throws {AgentError} CONF_UNEXPECTED, CONF_REJECTED, CONF_UNWRITABLE, or the error for which the text is barred.
   */
  judge(candidate: CandidateText, desired: Desired): Promise<string>;
  /** Keeps a text that keepalived failed with, and bars it for a minute after a refusal, for an hour after an exit. */
  bar(candidate: CandidateText, error: unknown): Promise<void>;
  /** The refused text is no longer wanted. It stays barred: keepalived would fail with it again. */
  withdraw(): void;
  /** Forgets the refused and the barred text, once keepalived has confirmed another one. */
  clear(): void;
}

interface Barred {
  readonly text: string;
  readonly error: unknown;
  readonly untilMs: number;
  readonly file: string | undefined;
}

export function createCandidates({
  conf,
  stateDir,
  confPaths,
  validate,
  log,
}: CandidatesOptions): Candidates {
  const rejectedFile = path.join(stateDir.path, "rejected.conf");
  let rejected: string | undefined;
  let barred: Barred | undefined;

  /** If this text could not be kept, as on a full disk, the file may hold another one: then it is not named. */
  const keep = async ({ textWithoutPasswords }: CandidateText): Promise<void> => {
    try {
      await keepRejected(textWithoutPasswords, rejectedFile);
      rejected = rejectedFile;
    } catch (err) {
      log.warn({ err }, "rejected candidate was not kept");
      rejected = undefined;
    }
  };

  return {
    get rejected() {
      return rejected;
    },
    judge: async (candidate, desired) => {
      const { text } = candidate;
      if (text === barred?.text && performance.now() < barred.untilMs) {
        rejected = barred.file;
        throw barred.error;
      }
      const file = await writeCandidate(conf, text);
      try {
        verifyConf(text, desired, confPaths);
        await validate(file);
      } catch (error) {
        if (isRefusal(error)) await keep(candidate);
        await discardCandidate(file);
        throw error;
      }
      return file;
    },
    bar: async (candidate, error) => {
      const barMs = error instanceof KeepalivedExitError ? EXITED_BAR_MS : REFUSED_BAR_MS;
      await keep(candidate);
      barred = { text: candidate.text, error, untilMs: performance.now() + barMs, file: rejected };
    },
    withdraw: () => {
      rejected = undefined;
    },
    clear: () => {
      [rejected, barred] = [undefined, undefined];
    },
  };
}

/** Whether the candidate was judged and refused. False if it could not be judged. */
function isRefusal(error: unknown): boolean {
  return error instanceof AgentError && ["CONF_REJECTED", "CONF_UNEXPECTED"].includes(error.code);
}
