/**
 * Leaves out of the bundle what packages bring and the agent never uses: each host holds the text in memory for months, and
 * parses it at each start. A file that is no longer there, or is asked for another name, is an error of the build.
 */
import type { Plugin } from "esbuild";

/**
 * Whole modules, as nothing. axios sends no forms, and the package for them brings every MIME type there is: axios leaves it
 * out in browsers. prom-client pushes nothing, has no cluster, and traces nothing. pino and pino-pretty write through the
 * agent's own output, so their threads are not needed.
 */
const MODULES =
  /node_modules\/(form-data\/lib\/form_data|prom-client\/lib\/(pushgateway|cluster)|@opentelemetry\/api\/.*|thread-stream\/index|pino\/lib\/(transport|worker)|pino-abstract-transport\/index|pino-pretty\/node_modules\/sonic-boom\/index)\.c?js$/;

/**
 * The same, where it is asked whether a thing is an instance of the module: pino's files, which bring `assert` (13 ms of the
 * start), and axios's redirects and proxies. test/packaging/bundle.test.ts checks that axios needs neither.
 */
const CLASSES = /node_modules\/(sonic-boom|follow-redirects|https-proxy-agent\/dist)\/index\.js$/;

/** axios takes the first of its ways that is there: here that of Node's `http`, and never those of browsers. */
const ADAPTERS = /node_modules\/axios\/lib\/adapters\/(xhr|fetch)\.js$/;

/**
 * What files export and nothing calls. execa pipes from one process to another, exchanges messages, waits in place, and shows
 * what it runs; axios packs, unpacks and measures what it transfers, and knows HTTP/2 and proxies.
 */
const EXPORTS: Readonly<Record<string, readonly string[]>> = {
  "execa/lib/ipc/get-each.js": ["getEachMessage", "loopOnMessages"],
  "execa/lib/ipc/graceful.js": ["abortOnDisconnect", "getCancelSignal", "handleAbort", "sendAbort"],
  "execa/lib/ipc/methods.js": ["addIpcMethods", "getIpcExport"],
  "execa/lib/methods/main-sync.js": ["execaCoreSync"],
  "execa/lib/pipe/setup.js": ["pipeToSubprocess"],
  "execa/lib/verbose/default.js": ["defaultVerboseFunction"],
  "axios/lib/helpers/AxiosTransformStream.js": ["default"],
  "axios/lib/helpers/Http2Sessions.js": ["default"],
  "axios/lib/helpers/ZlibHeaderTransformStream.js": ["default"],
  "axios/lib/helpers/formDataToStream.js": ["default"],
  "axios/lib/helpers/shouldBypassProxy.js": ["default"],
  "proxy-from-env/index.js": ["getProxyForUrl"],
};
const FILES = new RegExp(`/node_modules/(?:${Object.keys(EXPORTS).join("|").replaceAll(".", "\\.")})$`);

export const withoutUnused: Plugin = {
  name: "without-unused",
  setup: ({ onLoad, onEnd }) => {
    onLoad({ filter: MODULES }, () => ({ contents: "module.exports = null;" }));
    onLoad({ filter: CLASSES }, ({ path }) => ({
      contents: `module.exports = ${emptyClass(nameOf(path))};`,
    }));
    onLoad({ filter: ADAPTERS }, () => ({ contents: "export default null; export const getFetch = null;" }));
    const missing = new Set(Object.keys(EXPORTS));
    onLoad({ filter: FILES }, ({ path }) => {
      missing.delete(nameOf(path));
      return { contents: (EXPORTS[nameOf(path)] ?? []).map((name) => emptyExport(name, path)).join("") };
    });
    onEnd(() => ({ errors: [...missing].map((file) => ({ text: `${file} is not there any more` })) }));
  },
};

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/node_modules/") + "/node_modules/".length);
}

/** axios makes one as it is loaded, and asks it nothing. */
const MADE_ALWAYS = "axios/lib/helpers/Http2Sessions.js";

/** Whoever makes one after all is told why that fails. */
function emptyClass(name: string): string {
  if (name === MADE_ALWAYS) return "class {}";
  return `class { constructor() { throw new Error("${name} is not in the bundle"); } }`;
}

/** execa asks these at its start, or for each process, whether it is to do it or not. */
const ASKED_ALWAYS = new Set(["addIpcMethods", "getIpcExport"]);

/** Whoever calls it after all is told why that fails. */
function emptyExport(name: string, path: string): string {
  if (name === "default") return `export default ${emptyClass(nameOf(path))};`;
  const answer = ASKED_ALWAYS.has(name) ? "return {};" : `throw new Error("${name} is not in the bundle");`;
  return `export function ${name}() { ${answer} }\n`;
}
