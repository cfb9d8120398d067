/** The clients of /events, which get the status and the journal as server-sent events. Without clients no timer runs. */

import type { ServerResponse } from "node:http";

const MAX_CLIENTS = 50;
/**
 * An event `alive` is sent this often. The page takes an agent that is silent for 20 s for gone, and proxies and the server's
 * own timeout do not close the connection.
 */
const HEARTBEAT_MS = 15_000;
const HEARTBEAT = "event: alive\ndata:\n\n";
/** A client that lets this many bytes pile up has stopped reading. */
const MAX_BACKLOG_BYTES = 256_000;

export interface EventClients {
  /** The client gets the latest text of each topic now, and each later one. It gets 503 where there are 50 already. */
  add(response: ServerResponse): void;
  /** Sends the topic to all clients if its text has changed. */
  notify(topic: string): void;
  readonly size: number;
}

/**
 * @param topics by event name, a function that returns the latest text as one line. It is called only while there are
 *   clients.
 */
export function createEventClients(
  topics: Readonly<Record<string, () => string>>,
  heartbeatMs = HEARTBEAT_MS,
): EventClients {
  const clients = new Set<ServerResponse>();
  const last = new Map<string, string>();
  let heartbeat: NodeJS.Timeout | undefined;
  const remove = (client: ServerResponse): void => {
    clients.delete(client);
    if (clients.size === 0) clearInterval(heartbeat);
  };
  const send = (client: ServerResponse, frame: string): void => {
    if (client.writableLength > MAX_BACKLOG_BYTES) client.destroy();
    else client.write(frame);
  };
  const sendAll = (frame: string): void => {
    for (const client of clients) send(client, frame);
  };
  /** @returns whether the text has changed. */
  const refresh = (topic: string): boolean => {
    const text = topics[topic]?.() ?? "";
    const isChanged = text !== last.get(topic);
    last.set(topic, text);
    return isChanged;
  };
  const frameOf = (topic: string): string => `event: ${topic}\ndata: ${last.get(topic)}\n\n`;
  const notify = (topic: string): void => {
    if (clients.size > 0 && refresh(topic)) sendAll(frameOf(topic));
  };
  return {
    add: (response) => {
      if (clients.size >= MAX_CLIENTS) {
        response.writeHead(503, { "Retry-After": "30", "Content-Type": "text/plain; charset=utf-8" });
        response.end(`${MAX_CLIENTS} clients are connected already\n`);
        return;
      }
      // updates `last`, and sends what changed to the clients that are connected already
      for (const topic of Object.keys(topics)) notify(topic);
      if (clients.size === 0) {
        heartbeat = setInterval(() => sendAll(HEARTBEAT), heartbeatMs).unref();
        for (const topic of Object.keys(topics)) refresh(topic);
      }
      clients.add(response);
      response.on("close", () => remove(response)).on("error", () => response.destroy());
      response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" });
      send(response, Object.keys(topics).map(frameOf).join(""));
    },
    notify,
    get size() {
      return clients.size;
    },
  };
}
