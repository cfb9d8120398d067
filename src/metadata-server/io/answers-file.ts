/** The answers file: loaded when the server starts and at each change, and served until the next load succeeds. */
import crypto from "node:crypto";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { type FSWatcher, watch } from "chokidar";
import type { Logger } from "pino";
import { type Answers, createAnswers, parseAnswers } from "../answers.ts";
import { endsWait } from "../long-poll.ts";
import { type FoundValue, findAnswer } from "../lookup.ts";
import type { ValueRequest } from "../request.ts";

/** A file that is still being written may already be valid YAML. */
const WRITE_FINISHED_MS = { stabilityThreshold: 40, pollInterval: 10 };

/** The answers that are served now, and the long polls that wait for others. */
export class CurrentAnswers {
  readonly #waiting = new EventEmitter().setMaxListeners(0);
  #answers: Answers = new Map();

  get all(): Answers {
    return this.#answers;
  }

  /** @returns The new version. @throws {AgentError} ANSWERS_INVALID, and keeps the former answers. */
  replace(text: string): string {
    const version = crypto.randomUUID();
    this.#answers = createAnswers(parseAnswers(text), { version, random: Math.random });
    this.wake();
    return version;
  }

  wake(): void {
    this.#waiting.emit("wake");
  }

  /** The value, after the wait that was asked for; a value that is missing is waited for too. */
  async find(
    { version, path, wait }: ValueRequest,
    client: string,
    signal: AbortSignal,
  ): Promise<FoundValue | undefined> {
    const start = performance.now();
    for (;;) {
      const found = findAnswer(this.#answers, version, client, path);
      if (wait === undefined || performance.now() - start > wait.maxWaitSeconds * 1000) return found;
      if (found !== undefined && endsWait(found.value, wait.oldValue)) return found;
      await once(this.#waiting, "wake", { signal });
    }
  }
}

/** Loads the file as soon as the watch stands, so that no change falls between, and after each change. */
export function watchAnswers(
  current: CurrentAnswers,
  { answersFile: file, log }: { readonly answersFile: string; readonly log: Logger },
): FSWatcher {
  const load = () => {
    try {
      // Synchronous, so that an older reading cannot overtake a newer one.
      const version = current.replace(readFileSync(file, "utf8"));
      log.info({ file, version }, "answers loaded");
    } catch (err) {
      log.error({ err, file }, "answers not loaded, former ones kept");
    }
  };
  return watch(file, { ignoreInitial: true, awaitWriteFinish: WRITE_FINISHED_MS })
    .on("ready", load)
    .on("add", load)
    .on("change", load)
    .on("error", (err) => log.error({ err, file }, "answers not watched"));
}
