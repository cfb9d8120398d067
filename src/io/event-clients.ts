/** Those who follow the status by server-sent events. Without any of them nothing is done, and no timer runs. */
import type { ServerResponse } from "node:http";

const MAX_CLIENTS = 50;
/** A comment keeps proxies and the server's own time-out from closing a quiet connection, ms. */
const HEARTBEAT_MS = 15_000;
/** A client that lets this many bytes pile up has stopped reading. */
const MAX_BACKLOG_BYTES = 256_000;

export interface EventClients {
  /** Takes a client in: it gets the latest text now and each later one. One too many is turned away with 503. */
  take(response: ServerResponse): void;
  /** The text may have changed. */
  notify(): void;
  readonly size: number;
}

/** @param latest one line of text; asked for only while somebody listens, and sent only where it differs. */
export function openEventClients(latest: () => string, heartbeatMs = HEARTBEAT_MS): EventClients {
  const clients = new Set<ServerResponse>();
  let last = "";
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
  const notify = (): void => {
    if (clients.size === 0) return;
    const text = latest();
    if (text === last) return;
    last = text;
    tellAll(frameOf(text));
  };
  return {
    take: (response) => {
      if (clients.size >= MAX_CLIENTS) {
        response.writeHead(503, { "Retry-After": "30", "Content-Type": "text/plain; charset=utf-8" });
        response.end(`${MAX_CLIENTS} clients follow already\n`);
        return;
      }
      // whoever listens already hears of it now, or would miss it
      notify();
      if (clients.size === 0) heartbeat = setInterval(() => tellAll(": alive\n\n"), heartbeatMs).unref();
      last = latest();
      clients.add(response);
      response.on("close", () => leave(response)).on("error", () => response.destroy());
      response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" });
      tell(response, frameOf(last));
    },
    notify,
    get size() {
      return clients.size;
    },
  };
}

function frameOf(text: string): string {
  return `event: status\ndata: ${text}\n\n`;
}
