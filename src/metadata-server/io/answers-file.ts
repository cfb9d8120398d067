/** Loads the answers file when the server starts and after each change. The answers stay until the next load succeeds. */
import crypto from "node:crypto";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { type FSWatcher, watch } from "chokidar";
import type { Logger } from "pino";
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

/** Loads the file once the watcher is ready, so that no change is lost, and after each change. */
export function watchAnswers(
  current: CurrentAnswers,
  { answersFile: file, log }: { readonly answersFile: string; readonly log: Logger },
): FSWatcher {
  const load = () => {
    try {
      // Synchronous, so that an older read cannot replace a newer one.
      const version = current.replace(readFileSync(file, "utf8"));
      log.info({ file, version }, "answers loaded");
    } catch (err) {
      log.error({ err, file }, "answers not loaded, the last good ones are kept");
    }
  };
  return watch(file, { ignoreInitial: true, awaitWriteFinish: WRITE_FINISHED_MS })
    .on("ready", load)
    .on("add", load)
    .on("change", load)
    .on("error", (err) => log.error({ err, file }, "answers not watched"));
}
