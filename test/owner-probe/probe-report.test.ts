import { expect, it } from "vitest";
import { parseProbeReport } from "../../src/owner-probe/probe-report.ts";

it.each([
  { line: "ready eth0/ipv4/50 c633640c", report: { kind: "ready", key: "eth0/ipv4/50" } },
  { line: "unready eth0/ipv4/50", report: { kind: "unready", key: "eth0/ipv4/50" } },
  {
    line: "cut-off eth0/ipv6/50 20010db8000000000000000000000012",
    report: { kind: "cut-off", key: "eth0/ipv6/50", owner: "2001:db8::12" },
  },
  {
    line: "took eth0/ipv4/50 c633640c 5 51 271 0",
    report: {
      kind: "took",
      key: "eth0/ipv4/50",
      owner: "198.51.100.12",
      questions: 5,
      windowMs: 51,
      silenceMs: 271,
      hasAnsweredForItself: false,
    },
  },
  {
    line: "took eth0/ipv4/50 c633640c 5 51 271 1",
    report: expect.objectContaining({ kind: "took", hasAnsweredForItself: true }),
  },
  { line: "something else", report: undefined },
])("reads: $line", ({ line, report }) => {
  expect(parseProbeReport(line)).toEqual(report);
});
