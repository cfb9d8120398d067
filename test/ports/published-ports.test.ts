import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { TableRead } from "../../src/iptables/table-read.ts";
import { isNotJudged, judgePorts, judgePortsInDetail } from "../../src/ports/published-ports.ts";
import { hookedSave, saveOf } from "../fixtures/nat-saves.ts";

const VIP = "192.168.10.100";
const DNAT = "-p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.1.2:80";
const HTTP = { protocol: "tcp", port: 80, address: VIP } as const;
const HTTPS = { protocol: "tcp", port: 443, address: VIP } as const;

const table = (text: string): TableRead => ({ kind: "table", text });
const error = (reason: (TableRead & { kind: "error" })["reason"]): TableRead => ({
  kind: "error",
  reason,
});
const absent: TableRead = { kind: "absent" };
const published = table(hookedSave(DNAT));
const unpublished = table(hookedSave());
const chainless = table("*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n");
const unhooked = table(saveOf([`-A CATTLE_PREROUTING ${DNAT}`]));
const incompatible = table(
  readFileSync(new URL("../fixtures/iptables/incompatible-nft.save", import.meta.url), "utf8"),
);

describe("judgePorts", () => {
  it.each([
    { what: "nft publishes", nft: published, legacy: absent, is: "healthy dnat" },
    { what: "legacy publishes", nft: chainless, legacy: published, is: "healthy dnat" },
    {
      what: "legacy publishes, nft cannot be read",
      nft: error("timeout"),
      legacy: published,
      is: "healthy dnat",
    },
    {
      what: "nft does not, legacy has no chain",
      nft: unpublished,
      legacy: chainless,
      is: "unhealthy port-not-published",
    },
    { what: "the chain is not hooked", nft: unhooked, legacy: absent, is: "unhealthy chain-not-hooked" },
    { what: "no chain", nft: chainless, legacy: chainless, is: "unhealthy chain-missing" },
    { what: "no table", nft: absent, legacy: absent, is: "unhealthy chain-missing" },
    {
      what: "no chain, no permission",
      nft: error("iptables-unusable"),
      legacy: chainless,
      is: "unknown iptables-unusable",
    },
    { what: "no chain, locked", nft: chainless, legacy: error("iptables-busy"), is: "unknown iptables-busy" },
    { what: "no answer", nft: error("timeout"), legacy: absent, is: "unknown timeout" },
    {
      what: "the worse of two troubles",
      nft: error("timeout"),
      legacy: error("iptables-unusable"),
      is: "unknown iptables-unusable",
    },
    { what: "native nft rules", nft: incompatible, legacy: absent, is: "unknown table-incompatible" },
    { what: "native nft rules, legacy publishes", nft: incompatible, legacy: published, is: "healthy dnat" },
    {
      what: "legacy does not, nft hangs",
      nft: error("timeout"),
      legacy: unpublished,
      is: "unknown timeout",
    },
    {
      what: "nft is not hooked, legacy is locked",
      nft: unhooked,
      legacy: error("iptables-busy"),
      is: "unknown iptables-busy",
    },
    {
      what: "legacy does not, the save of nft is cut short",
      nft: table(hookedSave(DNAT).slice(0, -8)),
      legacy: unpublished,
      is: "unknown iptables-busy",
    },
    {
      what: "legacy does not, native nft rules",
      nft: incompatible,
      legacy: unpublished,
      is: "unhealthy port-not-published",
    },
    {
      what: "legacy does not, nft cannot be run",
      nft: error("iptables-unusable"),
      legacy: unpublished,
      is: "unhealthy port-not-published",
    },
    {
      what: "a save cut short",
      nft: table(hookedSave(DNAT).slice(0, -8)),
      legacy: absent,
      is: "unknown iptables-busy",
    },
    { what: "an empty answer", nft: table(""), legacy: absent, is: "unknown iptables-busy" },
  ])("$what: $is", ({ nft, legacy, is }) => {
    const { verdict, reason, warnings } = judgePorts({ nft, legacy }, [HTTP]);

    expect(`${verdict} ${reason}`).toBe(is);
    expect(warnings).toEqual([]);
  });

  it.each([
    { what: "one publishes", nft: unpublished, legacy: published, is: "healthy dnat" },
    { what: "one is not hooked", nft: unhooked, legacy: unpublished, is: "unhealthy port-not-published" },
    { what: "both publish", nft: published, legacy: published, is: "healthy dnat" },
  ])("warns when both backends have the chain: $what", ({ nft, legacy, is }) => {
    const { verdict, reason, warnings } = judgePorts({ nft, legacy }, [HTTP]);

    expect(`${verdict} ${reason}`).toBe(is);
    expect(warnings).toEqual(["both-backends"]);
  });

  it("wants every port, and says which is missing", () => {
    const { verdict, reason, ports } = judgePorts({ nft: published, legacy: absent }, [HTTP, HTTPS]);

    expect(verdict).toBe("unhealthy");
    expect(reason).toBe("port-not-published");
    expect(ports).toEqual([
      {
        ...HTTP,
        verdict: "healthy",
        reason: "dnat",
        detail: "10.42.1.2:80",
        target: { kind: "host", address: "10.42.1.2", port: 80 },
      },
      { ...HTTPS, verdict: "unhealthy", reason: "port-not-published" },
    ]);
  });

  it("lets a port that is missing weigh more than one that cannot be judged", () => {
    const ipv6 = { ...HTTP, address: "2001:db8::100" };

    expect(judgePorts({ nft: published, legacy: absent }, [HTTP, ipv6]).verdict).toBe("unknown");
    expect(judgePorts({ nft: published, legacy: absent }, [ipv6, HTTPS]).verdict).toBe("unhealthy");
    expect(judgePorts({ nft: chainless, legacy: absent }, [ipv6]).verdict).toBe("unknown");
  });

  it("names the rules that it could not read", () => {
    const { verdict, unreadableRules } = judgePortsInDetail(
      { nft: table(hookedSave("stray", DNAT, "! -j RETURN")), legacy: absent },
      [HTTP],
    );

    expect(verdict).toBe("unknown");
    expect(unreadableRules).toEqual(["-A CATTLE_PREROUTING stray", "-A CATTLE_PREROUTING ! -j RETURN"]);
  });

  it("says which backend failed and why", () => {
    const denied = { kind: "error", reason: "iptables-unusable", detail: "Permission denied" } as const;

    expect(judgePorts({ nft: absent, legacy: denied }, [HTTP]).detail).toBe("legacy: Permission denied");
  });

  it("does not know which backend comes first where both translate the port", () => {
    const docker = (port: number) =>
      table(
        `*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport ${port} -j REDIRECT\nCOMMIT\n`,
      );

    expect(judgePorts({ nft: docker(80), legacy: published }, [HTTP])).toMatchObject({
      verdict: "unknown",
      reason: "chain-not-hooked",
      detail:
        "rules beside Rancher's table may come first: -A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT",
    });
    expect(judgePorts({ nft: docker(81), legacy: published }, [HTTP]).verdict).toBe("healthy");
  });

  it("does not know whether a table beside Rancher's drops the packet first", () => {
    const beside = (policy: string, ...rules: string[]) => {
      const lines = ["-A PREROUTING -j inet/own/pre", ...rules.map((rule) => `-A inet/own/pre ${rule}`)];
      return `*nat\n:PREROUTING ${policy} [0:0]\n:inet/own/pre - [0:0]\n${lines.join("\n")}\nCOMMIT\n`;
    };
    const judge = (save: string) => {
      const nft = { kind: "table", text: hookedSave(DNAT), beside: [save] } as const;
      return judgePorts({ nft, legacy: absent }, [HTTP]);
    };
    const doubtful = "-m ttl --ttl-gt 5 -j";

    expect(judge(beside("ACCEPT", "-p tcp -m tcp --dport 80 -j DROP"))).toMatchObject({
      verdict: "unknown",
      detail: "rules beside Rancher's table may come first: -A inet/own/pre -p tcp -m tcp --dport 80 -j DROP",
    });
    expect(judge(beside("DROP", "-p tcp -m tcp --dport 22 -j ACCEPT"))).toMatchObject({
      verdict: "unknown",
      detail: "rules beside Rancher's table may come first: -P inet/own/pre DROP",
    });
    expect(judge(beside("DROP", `${doubtful} ACCEPT`)).verdict).toBe("unknown");
    for (const save of [
      beside("ACCEPT", "-p tcp -m tcp --dport 81 -j DROP"),
      beside("ACCEPT", `${doubtful} DROP`),
      beside("DROP", "-p tcp -m tcp --dport 80 -j ACCEPT"),
    ]) {
      expect(judge(save).verdict).toBe("healthy");
    }
  });

  it("passes a published port, with its target, where a rule that nobody can read may take its clients", () => {
    const unread = "-A PREROUTING -m unheard --of x -j";
    const plain = (...rules: string[]) =>
      table(`*nat\n:PREROUTING ACCEPT [0:0]\n${rules.join("\n")}\nCOMMIT\n`);
    const withUnread = table(hookedSave(DNAT).replace("\n-A", `\n${unread} DROP\n-A`));
    const raw = `*raw\n:PREROUTING ACCEPT [0:0]\n${unread} DROP\nCOMMIT\n`;
    const earlier = [{ name: "raw", priority: -300, text: raw }] as const;
    const target = { kind: "host", address: "10.42.1.2", port: 80 };

    for (const reads of [
      { nft: withUnread, legacy: absent },
      { nft: published, legacy: absent, earlier },
      { nft: published, legacy: plain(`${unread} DROP`) },
      { nft: published, legacy: plain(`${unread} DNAT --to-destination 10.9.9.9`) },
      // a leftover chain of the other backend publishes nothing
      { nft: withUnread, legacy: unpublished },
    ]) {
      const judged = judgePorts(reads, [HTTP]);

      expect(judged).toMatchObject({ verdict: "unknown", ports: [{ isPublishedAsRead: true, target }] });
      expect(isNotJudged(judged)).toBe(true);
    }
    const certain = plain("-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT");
    for (const nft of [published, withUnread]) {
      const judged = judgePorts({ nft, legacy: certain }, [HTTP]);

      expect(judged).toMatchObject({ verdict: "unknown" });
      expect(isNotJudged(judged)).toBe(false);
    }
  });

  it("knows the target where only the tables that clients meet first cannot be read", () => {
    const earlier = [{ name: "raw", priority: -300, text: "", failure: "table-incompatible" }] as const;

    expect(judgePorts({ nft: published, legacy: absent, earlier }, [HTTP]).ports).toMatchObject([
      { verdict: "unknown", reason: "table-incompatible", target: { address: "10.42.1.2" } },
    ]);
  });

  it("has no answer to no question", () => {
    expect(() => judgePorts({ nft: published, legacy: absent }, [])).toThrow(RangeError);
  });
});
