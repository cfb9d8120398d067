/** Says what the readers of host facts find, in the network and with the capabilities that it was started with. */

import { readFilterTables } from "../../../src/iptables/io/filter-tables.ts";
import { readKeepalivedVersion } from "../../../src/keepalived/io/version.ts";
import { findRoute } from "../../../src/network/io/iproute.ts";
import { missingCapabilities } from "../../../src/system/capabilities.ts";
import { isFirstNetwork, readProcStatus, readSysctl } from "../../../src/system/io/proc.ts";
import { missingPrograms } from "../../../src/system/io/programs.ts";

const { signal } = new AbortController();
const [routeTo = "", ...sysctls] = process.argv.slice(2);
const facts = {
  missingCapabilities: missingCapabilities(readProcStatus()),
  missingPrograms: missingPrograms(["keepalived", "setpriv", "ip"]),
  isFirstNetwork: isFirstNetwork(),
  sysctls: sysctls.map((name) => readSysctl(name) ?? null),
  route: await findRoute(routeTo),
  version: (await readKeepalivedVersion(signal)) ?? null,
  filters: await readFilterTables(["ipv4", "ipv6"], signal),
};
process.stdout.write(JSON.stringify(facts));
