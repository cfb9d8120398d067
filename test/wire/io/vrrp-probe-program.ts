/** Prints the addresses, of its arguments, whose hosts run no VRRP. */
import { argv, stdout } from "node:process";
import { findHostsWithoutVrrp } from "../../../src/wire/io/vrrp-probe.ts";

stdout.write(`${[...(await findHostsWithoutVrrp(argv.slice(2)))].toSorted().join(" ")}\n`);
