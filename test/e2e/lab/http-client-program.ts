/**
 * A client in a host's network, which asks the agent there. Without `--load` one request: prints one JSON object with
 * `status`, `headers` and `body`. With it: follows the events 50 times over and scrapes the metrics 100 times a second,
 * until it gets SIGTERM; prints one JSON object with what that was like.
 */
import { Agent, get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

const FOLLOWERS = 50;
const SCRAPE_MS = 10;
const [url = "", mode] = process.argv.slice(2);

function ask(path: string, agent: Agent | false): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(`${url}${path}`, { agent, timeout: 5_000 }, resolve).on("error", reject);
  });
}

function print(report: unknown): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

async function load(): Promise<void> {
  const scraper = new Agent({ keepAlive: true, maxSockets: 4 });
  const durations: number[] = [];
  const refusals: string[] = [];
  let events = 0;
  const followers = await Promise.all(Array.from({ length: FOLLOWERS }, () => ask("/events", false)));
  for (const follower of followers) {
    follower.setEncoding("utf8").on("data", (chunk: string) => {
      events += chunk.split("event: status").length - 1;
    });
    follower.on("error", (error) => refusals.push(error.message));
  }
  const scrape = async () => {
    const startedMs = performance.now();
    try {
      const response = await ask("/metrics", scraper);
      await text(response);
      if (response.statusCode !== 200) refusals.push(String(response.statusCode));
    } catch (error) {
      refusals.push(String(error));
    }
    durations.push(performance.now() - startedMs);
  };
  const timer = setInterval(scrape, SCRAPE_MS);
  print({ following: followers.filter(({ statusCode }) => statusCode === 200).length });
  process.once("SIGTERM", () => {
    clearInterval(timer);
    const sorted = durations.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(sorted.length * share)];
    print({ scrapes: sorted.length, medianMs: at(0.5), p99Ms: at(0.99), events, refusals });
    process.exit();
  });
}

if (mode === "--load") await load();
else {
  const response = await ask("", false);
  const isStream = response.headers["content-type"]?.startsWith("text/event-stream");
  const [first] = isStream ? await response.setEncoding("utf8").take(1).toArray() : [await text(response)];
  print({ status: response.statusCode, headers: response.headers, body: first });
  process.exit();
}
