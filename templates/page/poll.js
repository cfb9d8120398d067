// Questions to the own agent that are asked while somebody looks.

/** A question after a change comes after this time: changes come in bursts. */
const SOON_MS = 400;
/** After a change, the agent may still share answers of before it: the next question comes after this time. */
const FOLLOW_UP_MS = 4_000;
/** A question without an answer is given up after this time. */
const ANSWER_MS = 8_000;

/**
 * Asks again and again while somebody looks, and soon after a change. One question at a time.
 *
 * @param onAnswer called after each question, without an answer where there was none.
 */
export function createPoll(path, intervalMs, onAnswer) {
  let timer;
  let dueMs = Number.POSITIVE_INFINITY;
  let isAsking = false;
  let isChanged = false;
  let question = new AbortController();
  /** The earlier time counts: a state that changes all the time must not put the question off. */
  const plan = (ms) => {
    if (performance.now() + ms >= dueMs) return;
    clearTimeout(timer);
    dueMs = performance.now() + ms;
    timer = setTimeout(ask, ms);
  };
  const ask = async () => {
    dueMs = Number.POSITIVE_INFINITY;
    if (isAsking) return plan(SOON_MS);
    if (document.visibilityState !== "visible") return;
    isAsking = true;
    const wasChanged = isChanged;
    isChanged = false;
    try {
      question = new AbortController();
      const signal = AbortSignal.any([question.signal, AbortSignal.timeout(ANSWER_MS)]);
      const answer = await fetch(path, { cache: "no-store", signal });
      onAnswer(answer.ok ? await answer.json() : undefined);
    } catch {
      // the connection for events says whether the agent is there
      onAnswer(undefined);
    } finally {
      isAsking = false;
    }
    plan(wasChanged || isChanged ? Math.min(FOLLOW_UP_MS, intervalMs()) : intervalMs());
  };
  const soon = () => {
    isChanged = true;
    plan(SOON_MS);
  };
  return { ask, soon, cancel: () => question.abort() };
}
