import { expect, it } from "vitest";
import { createPortsJudge } from "../../../src/health/io/ports-judge.ts";
import type { NatReads } from "../../../src/iptables/table-read.ts";

it("takes a read that has not ended, where one of its age will do", async () => {
  const ends: (() => void)[] = [];
  const reader = {
    read: () =>
      new Promise<NatReads>((resolve) => {
        ends.push(() => resolve({ nft: { kind: "absent" }, legacy: { kind: "absent" } }));
      }),
    invalidateLegacy: () => undefined,
  };
  const judge = createPortsJudge({ ipv4: reader, ipv6: reader });
  const questions = [{ port: 80, protocol: "tcp", address: "203.0.113.100" }] as const;

  const all = [judge(questions), judge(questions, 60_000), judge(questions)];
  expect(ends.length).toBe(2); // the third one wants the rules as they are now
  for (const end of ends) end();
  const [first, second, third] = await Promise.all(all);
  expect(second?.reads[0]).toBe(first?.reads[0]);
  expect(third?.reads[0]).not.toBe(first?.reads[0]);
});
