/** A cable between a browser and an agent: while it is cut, nothing comes through and no end hears of it. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Cable {
  readonly port: number;
  cut(): void;
  mend(): void;
  close(): void;
}

/** @param port of the agent on this host. */
export async function openCable(port: number): Promise<Cable> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on("data", (chunk) => other.write(chunk));
      one.on("error", () => one.destroy());
      one.on("close", () => {
        sockets.delete(one);
        // the end of one side is not heard over a cable that is cut
        if (!isCut) other.destroy();
      });
      if (isCut) one.pause();
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.pause();
    },
    mend: () => {
      isCut = false;
      for (const socket of sockets) socket.resume();
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
