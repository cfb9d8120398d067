import { expect, it } from "vitest";
import { checkJson, renderCheck } from "../../src/cli/check-text.ts";
import { judgePortsInDetail } from "../../src/ports/published-ports.ts";
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
  expect(text.split("\n")).toHaveLength(4);
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
  expect(text).toMatch(/\nnote: only the rules decide this verdict\..*\n$/);
  expect(checkJson(judge(hookedSave(DNAT)), behind).ports[0]).toMatchObject({ verdict: "healthy", path });
});
