import { describe, expect, it } from "vitest";
import { checkJson, renderCheck } from "../../src/cli/check-text.ts";
import { PORT_STEPS } from "../../src/health/port-steps.ts";
import type { BehindPort } from "../../src/health/target-view.ts";
import { judgePortsInDetail } from "../../src/ports/published-ports.ts";
import { codeBlocks, readDocument, tableRows } from "../docs/readme.ts";
import { HOOK, hookedSave, saveOf } from "../fixtures/nat-saves.ts";

const HTTP = { protocol: "tcp", port: 80, address: "192.168.10.100" } as const;
const DNAT = "-p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.1.2:80";
const absent = { kind: "absent" } as const;
const judge = (nft: string, legacy?: string) =>
  judgePortsInDetail({ nft: table(nft), legacy: legacy === undefined ? absent : table(legacy) }, [HTTP]);

function table(text: string) {
  return { kind: "table", text } as const;
}

it("keeps comments of rules from drawing on the terminal", () => {
  const comment = '--comment "\u001b[2J\u009b1mhealthy\u202e"';
  const text = renderCheck(judge(saveOf([`-A PREROUTING -m comment ${comment} -j ACCEPT`, HOOK])));

  expect(text).toContain("\\u001b[2J\\u009b1mhealthy\\u202e");
  expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(text.split("\n")).toHaveLength(5);
});

it("warns if both backends have the chain", () => {
  expect(renderCheck(judge(hookedSave(), hookedSave(DNAT)))).toBe(
    "healthy\n  for clients of 192.168.10.100\n  80/tcp  healthy  dnat (10.42.1.2:80)\n" +
      "warning: both-backends (nft and legacy have CATTLE_PREROUTING, packets meet the rules of both)\n",
  );
});

it("names the rules that it cannot read", () => {
  expect(renderCheck(judge(hookedSave(DNAT, "stray")))).toBe(
    "healthy\n  for clients of 192.168.10.100\n  80/tcp  healthy  dnat (10.42.1.2:80)\n" +
      "warning: unreadable-rule -A CATTLE_PREROUTING stray\n",
  );
});

it("says for which clients it is otherwise", () => {
  const accept = "-A PREROUTING -s 198.51.100.0/24 -j ACCEPT";

  expect(renderCheck(judge(saveOf([accept, HOOK, `-A CATTLE_PREROUTING ${DNAT}`])))).toBe(
    "healthy\n  for clients of 192.168.10.100\n  80/tcp  healthy  dnat (10.42.1.2:80)\n" +
      `    but not for clients of 198.51.100.0/24: ${accept}\n`,
  );
});

it("gives programs the ids without the words for people", () => {
  const unpublished = { verdict: "unhealthy", reason: "port-not-published" };

  expect(checkJson(judge(hookedSave(), hookedSave()))).toMatchObject({
    ...unpublished,
    ports: [{ port: 80, protocol: "tcp", ...unpublished }],
  });
});

it("says what is published instead, and by which interface clients come", () => {
  const bound = `-d 192.168.10.11/32 ${DNAT}`;
  const ports = Array.from({ length: 22 }, (_, i) => DNAT.replace("--dport 80", `--dport ${8000 + i}`));
  const verdict = judgePortsInDetail({ nft: table(hookedSave(bound, ...ports)), legacy: absent }, [
    { ...HTTP, interface: "eth0" },
  ]);
  const lines = renderCheck(verdict).split("\n");

  expect(lines.slice(0, 2)).toEqual(["unhealthy", "  for clients of 192.168.10.100 by eth0"]);
  expect(lines).toContain("  published: 80/tcp for 192.168.10.11 -> 10.42.1.2:80");
  expect(lines).toContain("  published: 8018/tcp -> 10.42.1.2:80");
  expect(lines).toContain("  and 3 more");
  expect(checkJson(verdict)).toMatchObject({
    address: "192.168.10.100",
    interface: "eth0",
    detail: `-A CATTLE_PREROUTING ${bound}`,
    published: { length: 23 },
  });
});

it("escapes what it says of the way to the target, which has rules of this host in it", () => {
  const path = {
    reason: "forward-dropped",
    detail: 'by -A FORWARD -m comment --comment "\u009b1m"',
  } as const;
  const behind = [{ target: { reason: "target-accepts", detail: "10.42.1.2:80" }, path }] as const;
  const text = renderCheck(judge(hookedSave(DNAT)), behind);

  expect(text).toContain(
    "    target: target-accepts (10.42.1.2:80)\n    path: forward-dropped (by -A FORWARD",
  );
  expect(text).toContain("\\u009b1m");
  expect(text).not.toContain("->");
  expect(text).toMatch(/\nnote: only the rules decide this verdict\..*\n$/);
  expect(checkJson(judge(hookedSave(DNAT)), behind).ports[0]).toMatchObject({ verdict: "healthy", path });
});

describe("the next step", () => {
  it.each([
    {
      rules: "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n",
      reason: "chain-missing",
      says: /^-> Start Rancher's `network-manager` on this host/m,
    },
    { rules: hookedSave(), reason: "port-not-published", says: /^-> Look in Rancher whether the service/m },
  ])("follows $reason", ({ rules, reason, says }) => {
    const verdict = judge(rules);

    expect(verdict.reason).toBe(reason);
    expect(renderCheck(verdict)).toMatch(says);
  });

  it("is left to the detail of a closed path, which may be why the target fails", () => {
    const target = { reason: "target-failed", detail: "10.42.1.2:80: no answer" } as const;
    const path = { reason: "no-route", detail: "there is no route to 10.42.1.2: restart Docker" } as const;

    expect(renderCheck(judge(hookedSave(DNAT)), [{ target, path }])).not.toContain("->");
  });

  it("is told of a target that fails behind a port that is published", () => {
    const target = { reason: "target-failed", detail: "10.42.1.2:80: connection refused" } as const;
    const behind = [{ target, path: { reason: "open", detail: "" } }] as const;

    expect(renderCheck(judge(hookedSave(DNAT)), behind)).toMatch(
      /\n-> Look at the container behind the port.*\nnote: .*\n$/,
    );
    expect(renderCheck(judge(hookedSave(DNAT)))).not.toContain("->");
  });
});

describe("docs/use/port-check.md", () => {
  const page = readDocument("docs/use/port-check.md");
  const sectionOf = (title: string) => page.split(`\n## ${title}\n`)[1]?.split("\n## ")[0] ?? "";

  it("has each reason, what it means, and its next step", () => {
    const section = sectionOf("Reasons");
    const rows = tableRows(section.slice(section.indexOf("| reason"))).map(([id = "", meaning, step]) => {
      expect(meaning, id).not.toBe("");
      return [id.replaceAll("`", ""), step || undefined];
    });

    expect(Object.fromEntries(rows)).toEqual(PORT_STEPS);
  });

  it("shows the object of check --json as it is", () => {
    const [sample = ""] = codeBlocks(sectionOf("`check --json`"), "json");
    const { ports } = JSON.parse(sample);
    const behind = ports.map(({ target, path }: BehindPort) => ({ target, path }));
    const verdict = judgePortsInDetail({ nft: table(hookedSave(DNAT)), legacy: absent }, [
      { ...HTTP, interface: "eth0" },
    ]);

    expect(checkJson(verdict, behind)).toEqual(JSON.parse(sample));
  });
});
