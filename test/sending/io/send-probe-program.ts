/**
 * Runs one probe in the namespace that send-probe.test.ts made. Arguments: the instance as JSON, the interface's MAC and link-local
 * address, and addresses that somebody may have.
 */
import { probeSending } from "../../../src/sending/io/send-probe.ts";

const [instance = "", mac = "", linkLocal, ...taken] = process.argv.slice(2);
const host = { source: { mac, linkLocal }, taken: new Set(taken) };
const result = await probeSending(JSON.parse(instance), host, new AbortController().signal);
process.stdout.write(JSON.stringify(result));
