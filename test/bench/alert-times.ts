/**
 * After what time each urgent alert fires in the real Prometheus, with the printed prometheus.yml and alerts.yml, on real agents.
 *
 * `npm run bench:alerts`, as root. Prometheus runs in the client's network namespace of the lab.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { codeBlocks, readDocument } from "../docs/readme.ts";
import { Child } from "../e2e/lab/child.ts";
import { createLab, type Lab } from "../e2e/lab/lab.ts";
import { labNetwork } from "../e2e/lab/topology.ts";
import { until } from "../e2e/lab/until.ts";
import { calm, startAll, VIP } from "../e2e/scenario.ts";
import { prometheusProgram, RULES } from "../monitoring/promtool.ts";

const URL = "http://127.0.0.1:9090/api/v1";
const ENV = { CHECK_PORT: "80", HTTP_LISTEN: "0.0.0.0:9650" };
const PUBLISHED = [{ port: 80, protocol: "tcp" }] as const;
const WITHOUT_ADVERTS = ["INPUT", "-p", "112", "-j", "DROP"];

interface Loss {
  readonly what: string;
  readonly alert: string;
  readonly inflict: (lab: Lab) => Promise<unknown>;
  readonly repair: (lab: Lab) => Promise<unknown>;
}

const LOSSES: readonly Loss[] = [
  {
    what: "the ports are gone on all hosts",
    alert: "VipWithoutOwner",
    inflict: ({ hosts }) => Promise.all(hosts.map((host) => host.publishPorts([]))),
    repair: ({ hosts }) => Promise.all(hosts.map((host) => host.publishPorts([...PUBLISHED]))),
  },
  {
    what: "no advert arrives on any host",
    alert: "VipWithTwoOwners",
    inflict: ({ hosts }) =>
      Promise.all(hosts.map((host) => host.run(["iptables-nft", "-A", ...WITHOUT_ADVERTS]))),
    repair: ({ hosts }) =>
      Promise.all(hosts.map((host) => host.run(["iptables-nft", "-D", ...WITHOUT_ADVERTS]))),
  },
  {
    what: "all agents are killed",
    alert: "VipTotalLoss",
    inflict: ({ hosts }) => Promise.all(hosts.map((host) => host.killContainer())),
    repair: ({ hosts }) => Promise.all(hosts.map((host) => host.startAgent(ENV))),
  },
];

const folder = await mkdtemp(path.join(tmpdir(), "alert-times-"));
const lab = await createLab({ hosts: 2 });
let prometheus: Child | undefined;
try {
  await startAll(lab, ENV);
  prometheus = await startPrometheus(lab);
  await calm(lab);
  await until(async () => (await firing()).length === 0, 120_000, "no alert fires");
  for (const loss of LOSSES) await measure(loss);
} finally {
  await prometheus?.end("SIGKILL");
  await lab.destroy();
  await rm(folder, { recursive: true, force: true });
}

async function startPrometheus({ name, hosts }: Lab): Promise<Child> {
  const [printed = ""] = codeBlocks(readDocument("docs/operate/monitoring.md"), "yaml");
  const targets = hosts.map(({ address }) => `"${address}:9650"`).join(", ");
  const config = printed.replace("alerts.yml", RULES).replace(/targets: \[.*\]/, `targets: [${targets}]`);
  const file = path.join(folder, "prometheus.yml");
  await writeFile(file, config);
  const child = new Child({
    namespace: labNetwork(name).clientNamespace,
    name: "Prometheus",
    command: [
      prometheusProgram("prometheus"),
      `--config.file=${file}`,
      `--storage.tsdb.path=${path.join(folder, "data")}`,
      "--web.listen-address=127.0.0.1:9090",
    ],
  });
  await until(
    () =>
      firing().then(
        () => true,
        () => false,
      ),
    60_000,
    "Prometheus answers",
  );
  return child;
}

async function firing(): Promise<string[]> {
  const { data } = JSON.parse(await lab.runOnClient(["curl", "-sf", `${URL}/alerts`]));
  const alerts: { state: string; labels: { alertname: string } }[] = data.alerts;
  return alerts.filter(({ state }) => state === "firing").map(({ labels }) => labels.alertname);
}

async function measure({ what, alert, inflict, repair }: Loss): Promise<void> {
  const startMs = performance.now();
  await inflict(lab);
  const fires = async () => (await firing()).includes(alert);
  await until(fires, 180_000, `${alert} fires`);
  const firedMs = performance.now() - startMs;
  await repair(lab);
  const repairedMs = performance.now();
  await until(async () => !(await fires()), 180_000, `${alert} is over`);
  const overMs = performance.now() - repairedMs;
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  process.stdout.write(
    `measured: ${what}: ${alert} after ${seconds(firedMs)}, over after ${seconds(overMs)}\n`,
  );
  await until(async () => (await lab.holders(VIP)).length === 1, 60_000, "one host owns the VIP");
  await calm(lab);
  await sleep(5_000);
}
