/** One party of claim.test.ts and untold-user.test.ts: claims the host network, only takes its name, or reads the status of the agent. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { AgentError } from "../../../src/errors.ts";
import { claimHost } from "../../../src/host-claim/io/claim.ts";
import { readStatus } from "../../../src/host-claim/io/read-status.ts";

const { signal } = new AbortController();
const say = (line: string) => process.stdout.write(`${line}\n`);

if (process.argv[2] === "squat") {
  const answer = process.argv[3] ?? "hello";
  createServer((socket) => socket.end(`${answer}\n`)).listen("\0rancher-keepalived", () => say("squatting"));
} else if (process.argv[2] === "squat-as-root") {
  // a program of root that was handed the socket of a user: /proc shows a process of root
  process.seteuid?.(65_534);
  createServer((socket) => socket.end("{}\n")).listen("\0rancher-keepalived", () => {
    process.seteuid?.(0);
    say("squatting");
  });
} else if (process.argv[2] === "forge") {
  // a path with a line end adds a row to the table of sockets, with the inode of a socket of root
  const [, , , folder = "", inode = ""] = process.argv;
  const row = `0000000000000000: 00000002 00000000 00010000 0001 01 ${inode} @rancher-keepalived`;
  process.chdir(folder);
  createServer().listen(`x\n${row}`);
  const server = createServer((socket) => {
    // the row of the socket that listens is gone, and with the second answer that of the connection, too
    server.close();
    socket.write("{}\n", () => void (process.argv[5] === "ends" && socket.destroy()));
  });
  server.listen("\0rancher-keepalived", () => say("squatting"));
} else if (process.argv[2] === "crowd") {
  // one after the other, so that the order in which they connect is known
  let open = 0;
  for (let count = Number(process.argv[3]); count > 0; count -= 1) {
    const socket = connect("\0rancher-keepalived");
    open += 1;
    socket
      .on("error", () => undefined)
      .on("close", () => {
        open -= 1;
        say(`left ${open}`);
      });
    await once(socket, "data");
  }
  say("crowded");
} else if (process.argv[2] === "claim") {
  const claim = await claimHost(() => say("waiting"), signal);
  let count = 0;
  claim.publish({ count });
  if (process.argv[3] === "greeting") claim.setGreeting(() => ({ count, isOfThisMoment: true }));
  process.on("SIGUSR2", () => {
    count += 1;
    claim.publish({ count });
  });
  say("claimed");
} else {
  try {
    for await (const status of readStatus(Number(process.argv[3] ?? 1_000), signal))
      say(JSON.stringify(status));
    say("ended");
  } catch (error) {
    const hint = error instanceof AgentError && error.code === "AGENT_UNREACHABLE" ? ` -> ${error.hint}` : "";
    say(error instanceof AgentError ? `${error.code}: ${error.message}${hint}` : String(error));
  }
}
