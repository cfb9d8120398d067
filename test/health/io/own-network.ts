/** Programs of a test in a network of their own, which is gone with the program. */
import { execPath } from "node:process";
import { execa } from "execa";

const CHECKS = ["tcp-probe", "http-probe"].map((name) => {
  return `import * as ${name.replace("-", "")} from ${JSON.stringify(new URL(`../../../src/health/io/${name}.ts`, import.meta.url).href)};`;
});

/**
 * Runs `body` as a module that has the exports of the checks, as `tcpprobe` and `httpprobe`, and a signal.
 *
 * @param setup shell commands before it, in the new network.
 * @returns what it prints, parsed.
 */
export async function inOwnNetwork(setup: string, body: string): Promise<unknown> {
  const script = `${CHECKS.join("\n")}
    const signal = new AbortController().signal;
    ${body}`;
  const enter = `${setup}; exec "$0" --input-type=module --eval "$1"`;
  const { stdout } = await execa("unshare", ["--net", "--mount", "sh", "-ec", enter, execPath, script]);
  return JSON.parse(stdout);
}

/** The same beside a resolver that takes questions and never answers; the system gives up on it after 2 s. */
export function besideSilentResolver(body: string): Promise<unknown> {
  const setup = [
    "ip link set lo up",
    "mount -n -t tmpfs tmpfs /mnt",
    "echo 'nameserver 127.0.0.1' > /mnt/resolv.conf",
    "echo 'options timeout:2 attempts:1' >> /mnt/resolv.conf",
    "mount -n --bind /mnt/resolv.conf /etc/resolv.conf",
  ];
  return inOwnNetwork(
    setup.join("; "),
    `import { createSocket } from "node:dgram";
    import { once } from "node:events";
    const resolver = createSocket("udp4").bind(53, "127.0.0.1");
    await once(resolver, "listening");
    ${body}
    resolver.close();`,
  );
}
