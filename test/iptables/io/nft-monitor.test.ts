import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HOOK } from "../../fixtures/nat-saves.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { gone, type NatLab, openNatLab, type Reading } from "./nat-lab.ts";

const CHAIN = [":CATTLE_PREROUTING - [0:0]", HOOK];
const ruleFor = (port: number) =>
  `-A CATTLE_PREROUTING -p tcp -m tcp --dport ${port} -j DNAT --to-destination 10.42.1.1:80`;

let lab: NatLab;
beforeEach(async () => {
  lab = await openNatLab();
  await lab.restore("nft", CHAIN);
});
afterEach(() => lab.remove());

/** Until a change is reported: it counts as listening a second after its start, which is too early on a busy machine. */
async function startListening(): Promise<Reading> {
  const reading = await lab.start({ withEvents: true });
  await expect.poll(async () => (await reading.read()).isListening).toBe(true);
  reading.ignoreChanges();
  await untilReported(reading);
  return reading;
}

async function untilReported(reading: Reading): Promise<void> {
  let isReported = false;
  const reported = reading.changed().then(() => {
    isReported = true;
  });
  await expect
    .poll(async () => {
      await lab.restore("nft", [ruleFor(1)]);
      return isReported;
    })
    .toBe(true);
  await reported;
  // what was restored last may be reported after a pause
  await sleep(300);
  reading.ignoreChanges();
}

it("each change of nft's rules is reported, and then read", async () => {
  const reading = await startListening();
  for (const port of [80, 81, 82, 83, 84]) {
    await lab.restore("nft", [ruleFor(port)]);
    await reading.changed();
    const { reads } = await reading.read();
    expect(reads.nft).toMatchObject({ text: expect.stringContaining(`--dport ${port} `) });
  }
});

it("a table that is flushed and deleted is reported", async () => {
  const reading = await startListening();
  await lab.run("nft", "flush", "ruleset");
  await reading.changed();

  expect((await reading.read()).reads.nft).toMatchObject({ text: expect.not.stringContaining("CATTLE") });
});

it("thousands of changes in a burst make few reports, and the last report comes after all of them", async () => {
  const reading = await startListening();
  let words = 0;
  let isOver = false;
  const counting = (async () => {
    while (!isOver) {
      await reading.changed();
      words += 1;
    }
  })();
  const ports = Array.from({ length: 5_000 }, (_, index) => ruleFor(index + 1));
  await lab.restore("nft", ports);
  await expect.poll(() => words).toBeGreaterThan(0);
  isOver = true;
  await lab.restore("nft", [ruleFor(60_000)]);
  await counting;

  expect(words).toBeLessThan(100);
  expect((await reading.read()).reads.nft).toMatchObject({ text: expect.stringContaining("--dport 60000 ") });
});

describe("the monitor does not listen", () => {
  it("without nft, and rules are still read", async () => {
    await lab.hide("nft");
    const reading = await lab.start({ withEvents: true });
    await reading.ended;

    expect(await reading.read()).toMatchObject({ isListening: false, reads: { nft: { kind: "table" } } });
  });

  it("without the permission, however often it is started", async () => {
    const nft = await lab.run("which", "nft");
    const withoutPermission = "setpriv --bounding-set=-net_admin --inh-caps=-net_admin";
    await lab.standIn("nft", `echo >>"$0.starts"; exec ${withoutPermission} ${nft} "$@"`);
    const reading = await lab.start({ withEvents: true });
    await expect.poll(() => lab.startsOf("nft")).toBeGreaterThanOrEqual(2);

    expect((await reading.read()).isListening).toBe(false);
  });

  it("after it was killed, until the next one listens", async () => {
    const reading = await startListening();
    const listener = (await reading.children()).get("nft");
    // the next ones end at once: it does not listen until nft is there again
    await lab.standIn("nft", "exit 1");
    sendSignal(listener!, "SIGKILL");
    await gone(listener!);
    await expect.poll(async () => (await reading.read()).isListening).toBe(false);

    await lab.restoreProgram("nft");
    await expect.poll(async () => (await reading.read()).isListening).toBe(true);
    expect((await reading.children()).get("nft")).not.toBe(listener);
    reading.ignoreChanges();
    await untilReported(reading);
  });
});
