/** Runs one probe in the namespace that send-probe.test.ts made. Arguments: the instance as JSON, the interface's MAC and link-local address. */
import { probeSending } from "../../../src/sending/io/send-probe.ts";

const [instance = "", mac = "", linkLocal] = process.argv.slice(2);
const result = await probeSending(JSON.parse(instance), { mac, linkLocal }, new AbortController().signal);
process.stdout.write(JSON.stringify(result));
