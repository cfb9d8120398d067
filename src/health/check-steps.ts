/** The operator's next step for a check that fails, as `status` shows it. */
import { PORT_STEPS } from "./port-steps.ts";
import type { CheckStatus } from "./status.ts";

const STEPS: Readonly<Record<string, string | undefined>> = {
  http: "Ask the URL on this host (`curl -i URL`), and look at the service behind it.",
  tcp: "Look on this host whether a program listens there (`ss -ltn`).",
  script: "Run the script in the agent's container, and read what it prints.",
  service: "Look in Rancher at the containers of the named service.",
};

/** Undefined for a check that passes, and for a reason without a step. */
export function checkStep({ name, verdict, reason }: CheckStatus): string | undefined {
  if (verdict === "healthy") return undefined;
  return STEPS[name] ?? portStepIn(reason);
}

/** The step of the first reason that has one: `80/tcp: port-not-published (...)`. */
function portStepIn(text: string): string | undefined {
  const steps: Readonly<Record<string, string | undefined>> = PORT_STEPS;
  const ids = [...text.matchAll(/(?:^|[:;] )([a-z][a-z0-9-]*)/g)].flatMap(([, id = ""]) =>
    Object.hasOwn(steps, id) ? [id] : [],
  );
  return ids.map((id) => steps[id]).find((step) => step !== undefined);
}
