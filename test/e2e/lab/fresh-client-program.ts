/**
 * A client that knows no neighbour: it forgets the virtual IP, asks it who serves it, and does so again and again. Run as
 * `node fresh-client-program.ts VIP COUNT TIMEOUT_MS`; prints how often each host answered as one JSON object, with `""`
 * for no answer.
 */
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";

const [vip = "", count = "", timeout = ""] = process.argv.slice(2);
const answers: Record<string, number> = {};

for (let asked = 0; asked < Number(count); asked += 1) {
  execFileSync("ip", ["neigh", "flush", "to", vip, "dev", "eth0"]);
  const by = await ask();
  answers[by] = (answers[by] ?? 0) + 1;
}
process.stdout.write(JSON.stringify(answers));

/** Each socket has a port of its own, so connection tracking on the way sees a new flow. */
function ask(): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket(vip.includes(":") ? "udp6" : "udp4");
    const end = (by: string) => {
      clearTimeout(timer);
      socket.close();
      resolve(by);
    };
    const timer = setTimeout(() => end(""), Number(timeout));
    socket.once("message", (answer) => end(answer.toString()));
    socket.once("error", () => end(""));
    socket.send("?", 80, vip);
  });
}
