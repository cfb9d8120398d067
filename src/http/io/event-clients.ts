/** Those who follow the status and the journal by server-sent events. Without any of them nothing is done, and no timer runs. */
import type { ServerResponse } from "node:http";

const MAX_CLIENTS = 50;
/** A comment keeps proxies and the server's own time-out from closing a quiet connection, ms. */
const HEARTBEAT_MS = 15_000;
/** A client that lets this many bytes pile up has stopped reading. */
const MAX_BACKLOG_BYTES = 256_000;

export interface EventClients {
  /** Takes a client in: it gets the latest text of each topic now and each later one. One too many is turned away with 503. */
  add(response: ServerResponse): void;
  /** The text of that topic may have changed. */
  notify(topic: string): void;
  readonly size: number;
}

/**
 * @param topics the latest text of each, one line, by the name of its events; asked for only while somebody listens, and
 *   sent only where it differs.
 */
export function createEventClients(
  topics: Readonly<Record<string, () => string>>,
  heartbeatMs = HEARTBEAT_MS,
): EventClients {
  const clients = new Set<ServerResponse>();
  const last = new Map<string, string>();
  let heartbeat: NodeJS.Timeout | undefined;
  const leave = (client: ServerResponse): void => {
    clients.delete(client);
    if (clients.size === 0) clearInterval(heartbeat);
  };
  const tell = (client: ServerResponse, frame: string): void => {
    if (client.writableLength > MAX_BACKLOG_BYTES) client.destroy();
    else client.write(frame);
  };
  const tellAll = (frame: string): void => {
    for (const client of clients) tell(client, frame);
  };
  /** @returns whether it is another one than before. */
  const refresh = (topic: string): boolean => {
    const text = topics[topic]?.() ?? "";
    const isOther = text !== last.get(topic);
    last.set(topic, text);
    return isOther;
  };
  const frameOf = (topic: string): string => `event: ${topic}\ndata: ${last.get(topic)}\n\n`;
  const notify = (topic: string): void => {
    if (clients.size > 0 && refresh(topic)) tellAll(frameOf(topic));
  };
  return {
    add: (response) => {
      if (clients.size >= MAX_CLIENTS) {
        response.writeHead(503, { "Retry-After": "30", "Content-Type": "text/plain; charset=utf-8" });
        response.end(`${MAX_CLIENTS} clients follow already\n`);
        return;
      }
      // whoever listens already hears of it now, or would miss it
      for (const topic of Object.keys(topics)) notify(topic);
      if (clients.size === 0) {
        heartbeat = setInterval(() => tellAll(": alive\n\n"), heartbeatMs).unref();
        for (const topic of Object.keys(topics)) refresh(topic);
      }
      clients.add(response);
      response.on("close", () => leave(response)).on("error", () => response.destroy());
      response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" });
      tell(response, Object.keys(topics).map(frameOf).join(""));
    },
    notify,
    get size() {
      return clients.size;
    },
  };
}
