/** What asks metadata for its version every 5 s, as an agent does that knows no long poll. Prints each new one. */
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 5_000;

let seen = "";
for (;;) {
  const version = await fetch("http://169.254.169.250/2016-07-29/version").then((response) =>
    response.text(),
  );
  if (version !== seen) process.stdout.write(`version ${version}\n`);
  seen = version;
  await sleep(POLL_MS);
}
