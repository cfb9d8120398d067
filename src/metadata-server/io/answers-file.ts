/**
 * Loads the answers file when the server starts and after each change. The answers stay until the next load succeeds. A file
 * that is missing at the start may come later: Rancher's service has no answers either until its first download.
 */
import crypto from "node:crypto";
import { EventEmitter, once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { type FSWatcher, watch } from "chokidar";
import type { Logger } from "pino";
import { AgentError, describeError } from "../../errors.ts";
import { type Answers, createAnswers, parseAnswers } from "../answers.ts";
import { endsWait } from "../long-poll.ts";
import { findAnswer, type MetadataAnswer } from "../lookup.ts";
import type { ValueRequest } from "../request.ts";

/** Waits until the file is complete, because a half-written file may be valid YAML. */
const WRITE_FINISHED_MS = { stabilityThreshold: 40, pollInterval: 10 };

/** Holds the answers that are served now, and wakes the long polls that wait for new ones. */
export class CurrentAnswers {
  readonly #waiting = new EventEmitter().setMaxListeners(0);
  #answers: Answers = new Map();

  get all(): Answers {
    return this.#answers;
  }

  /** @returns The new version. @throws {AgentError} ANSWERS_INVALID; the former answers stay. */
  replace(text: string): string {
    const version = crypto.randomUUID();
    this.#answers = createAnswers(parseAnswers(text), { version, random: Math.random });
    this.wake();
    return version;
  }

  wake(): void {
    this.#waiting.emit("wake");
  }

  /**
   * Resolves to the value after the wait that the client asked for. It also waits for a value that is missing, but not for
   * one below null.
   */
  async find(
    { version, path, longPoll }: ValueRequest,
    client: string,
    signal: AbortSignal,
  ): Promise<MetadataAnswer> {
    const start = performance.now();
    for (;;) {
      const found = findAnswer(this.#answers, version, client, path);
      if (longPoll === undefined || performance.now() - start > longPoll.maxWaitSeconds * 1000) return found;
      if (found === "below-null") return found;
      if (found !== undefined && endsWait(found.value, longPoll.oldValue)) return found;
      await once(this.#waiting, "wake", { signal });
    }
  }
}

interface AnswersFileOptions {
  readonly answersFile: string;
  readonly log: Logger;
}

/** Loads the file after each change. Nothing is lost if it is loaded for the first time once the watcher is ready. */
export function watchAnswers(current: CurrentAnswers, options: AnswersFileOptions): FSWatcher {
  const { answersFile: file, log } = options;
  const reload = () => {
    try {
      load(current, options);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      const { code, hint } = error;
      const reason = describeError(error);
      log.error({ code, reason, hint, file }, "answers not loaded, the last good ones are kept");
    }
  };
  return watch(file, { ignoreInitial: true, awaitWriteFinish: WRITE_FINISHED_MS })
    .on("add", reload)
    .on("change", reload)
    .on("error", (err) => log.error({ err, file }, "answers not watched"));
}

/**
 * The first load. A missing file is no error: it may come later.
 *
 * @throws {AgentError} ANSWERS_INVALID if the file cannot be used.
 */
export function loadFirstAnswers(current: CurrentAnswers, options: AnswersFileOptions): void {
  const { answersFile: file, log } = options;
  if (!existsSync(file)) {
    const hint = "Write the answers to this file, or name another one with --answers.";
    log.warn(
      { hint, file },
      "the answers file does not exist: until it does, each path is answered with 404",
    );
    return;
  }
  try {
    load(current, options);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    const { code, message, cause } = error;
    const hint = "Correct the answers file, and start the server again.";
    throw new AgentError(code, `${file}: ${message}`, { hint, cause });
  }
}

/** @throws {AgentError} ANSWERS_INVALID; the answers stay. */
function load(current: CurrentAnswers, { answersFile: file, log }: AnswersFileOptions): void {
  const version = current.replace(readAnswers(file));
  log.info({ file, version }, "answers loaded");
}

/** Synchronous, so that an older read cannot replace a newer one. @throws {AgentError} ANSWERS_INVALID */
function readAnswers(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new AgentError("ANSWERS_INVALID", "the file cannot be read", { cause });
  }
}
