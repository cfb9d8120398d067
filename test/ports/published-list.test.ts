import { expect, it } from "vitest";
import { parseTable } from "../../src/iptables/table.ts";
import { publishedPorts } from "../../src/ports/published-list.ts";
import { hookedSave } from "../fixtures/nat-saves.ts";

const to = "-j DNAT --to-destination 10.42.1.2:80";

it.each([
  {
    rules: [
      `! -i docker0 -p tcp -m tcp --dport 80 ${to}`,
      `-p tcp -m tcp --dport 80 -m addrtype --dst-type LOCAL ${to}`,
    ],
    is: ["80/tcp -> 10.42.1.2:80"],
  },
  { rules: [`-d 192.0.2.1/32 -p udp -m udp --dport 53 ${to}`], is: ["53/udp for 192.0.2.1 -> 10.42.1.2:80"] },
  {
    rules: [`! -d 192.0.2.1/32 -p tcp -m multiport --dports 80,443 ${to}`],
    is: ["80,443/tcp for not 192.0.2.1 -> 10.42.1.2:80"],
  },
  {
    rules: ["-d 192.0.2.1/32 -j DNAT --to-destination 10.42.1.2"],
    is: ["every port for 192.0.2.1 -> 10.42.1.2"],
  },
  { rules: ["-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080"], is: ["80/tcp -> 8080"] },
  { rules: ["-p tcp -m tcp --dport 80 -j REDIRECT"], is: ["80/tcp -> this host"] },
  { rules: [`-d 169.254.169.250/32 -p tcp -m tcp --dport 80 ${to}`, "-j RETURN"], is: [] },
])("$is", ({ rules, is }) => {
  const table = parseTable(hookedSave(...rules), "nat");

  expect("chains" in table && publishedPorts([table])).toEqual(is);
});
