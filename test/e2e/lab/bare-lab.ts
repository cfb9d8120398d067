/** A lab without the product: its metadata services are a few lines that show what they were given. */
import { createLab, type Lab, type LabOptions } from "./lab.ts";

/** Answers any request with the answers file and the address of the client. */
const SERVER = `
const { readFileSync } = require("node:fs");
const [file, listen] = process.argv.slice(1);
const [address, port] = listen.split(":");
require("node:http").createServer((request, response) => {
  const answers = JSON.parse(readFileSync(file, "utf8"));
  response.end(JSON.stringify({ client: request.socket.remoteAddress, answers }));
}).listen(Number(port), address);
`;

export async function createBareLab(options: Partial<LabOptions> = {}): Promise<Lab> {
  const metadataServer = (file: string, listen: string): string[] => [
    process.execPath,
    "-e",
    SERVER,
    file,
    listen,
  ];
  return createLab({ hosts: 2, metadataServer, ...options });
}
