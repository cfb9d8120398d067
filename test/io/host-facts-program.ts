/** Says what the readers of host facts find, in the network and with the capabilities that it was started with. */
import { missingCapabilities } from "../../src/core/capabilities.ts";
import { readFilters } from "../../src/io/filter-tables.ts";
import { readKeepalivedVersion } from "../../src/io/keepalived-version.ts";
import { findRoute } from "../../src/io/network.ts";
import { isFirstNetwork, readProcStatus, readSysctl } from "../../src/io/proc.ts";
import { missingPrograms } from "../../src/io/programs.ts";

const { signal } = new AbortController();
const [routeTo = "", ...sysctls] = process.argv.slice(2);
const facts = {
  missingCapabilities: missingCapabilities(readProcStatus()),
  missingPrograms: missingPrograms(["keepalived", "setpriv", "ip"]),
  isFirstNetwork: isFirstNetwork(),
  sysctls: sysctls.map((name) => readSysctl(name) ?? null),
  route: await findRoute(routeTo),
  version: (await readKeepalivedVersion(signal)) ?? null,
  filters: await readFilters(["ipv4", "ipv6"], signal),
};
process.stdout.write(JSON.stringify(facts));
