/** A server in the place of Rancher's metadata that answers every request in one wrong way: `MODE ADDRESS PORT`. */
import { createServer, type ServerResponse } from "node:http";

const [mode = "", host = "", port = ""] = process.argv.slice(2);

const ANSWERS: Readonly<Record<string, (response: ServerResponse, path: string) => void>> = {
  html: (response) => response.end("<html><body>It works!</body></html>"),
  500: (response) => response.writeHead(500).end("oops"),
  404: (response) => response.writeHead(404).end('{"code":404,"message":"Not found","type":"error"}\n'),
  truncated: (response) => response.end('[{"uuid":"e3d3bd2b","lab'),
  reset: (response) => {
    response.writeHead(200, { "Content-Length": "1000" });
    response.write("[");
    setTimeout(() => response.destroy(), 50);
  },
  hang: () => undefined,
  drip: (response) => {
    const drip = setInterval(() => response.write(" "), 1_000);
    response.on("close", () => clearInterval(drip));
  },
  redirect: (response) => response.writeHead(302, { Location: "http://198.51.100.200/" }).end(),
  "invalid-utf8": (response) => response.end(Buffer.from([0x22, 0xff, 0xfe, 0x22])),
  // the version is well-formed, and everything else has the wrong types or is empty
  "wrong-types": (response, path) =>
    response.end(path.includes("version") ? `"${Date.now()}"` : '{"uuid":[],"labels":7,"containers":{}}'),
  nulls: (response, path) => response.end(path.includes("version") ? `"${Date.now()}"` : "null"),
  "empty-lists": (response, path) => response.end(path.includes("version") ? `"${Date.now()}"` : "[]"),
  huge: (response, path) =>
    response.end(path.includes("version") ? `"${Date.now()}"` : `["${"x".repeat(26_000_000)}"]`),
  nested: (response, path) =>
    response.end(path.includes("version") ? `"${Date.now()}"` : "[".repeat(200_000) + "]".repeat(200_000)),
};

const server = createServer((request, response) => {
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.on("error", () => undefined);
  ANSWERS[mode]?.(response, request.url ?? "");
});
server.listen(Number(port), host, () => process.stdout.write("listening\n"));
