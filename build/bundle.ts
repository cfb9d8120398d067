/**
 * Makes the one file in dist/: whatever the agent never uses is not loaded, since every host holds it in memory for months.
 *
 * White space goes and names stay, so that a stack trace can be read. Without comments the text is ASCII, of which V8
 * holds one byte a character instead of two.
 */
import { readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import path from "node:path";
import { build, type Plugin } from "esbuild";
import { LISTENER_PARTS } from "../src/wire/listener-parts.ts";
import { compiledTemplate } from "./compiled-template.ts";
import { withoutUnused } from "./unused.ts";

const root = path.dirname(import.meta.dirname);
const { engines } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
/** `>=24` */
const FLOOR = Number(engines.node.replace(/\D/g, ""));

/** Node has no `require` in an ES module, and what axios looks for in globals would load undici: 40 ms, 3 MB. */
const BANNER = `import { createRequire } from "node:module";
if (Number.parseInt(process.versions.node) < ${FLOOR}) {
  process.stderr.write("rancher-keepalived needs Node ${FLOOR} or later, and this is Node " + process.versions.node + "\\n");
  process.exit(1);
}
const require = createRequire(import.meta.url);
for (const name of ["fetch", "FormData", "Headers", "Request", "Response", "navigator"]) delete globalThis[name];`;

/** Of Node's own modules those that an agent seldom or never gets to use: they come with their first use. 5 MB, 20 ms. */
const SELDOM = new Set(["crypto", "dns/promises", "http2", "https", "tls", "v8", "worker_threads"]);
/** axios alone asks for it, at its start, and it unpacks nothing here. */
const NO_ZLIB = "export default { constants: {} };";
/** pino alone asks for it, and this is not a thread of its own. */
const NO_THREADS = "module.exports = { isMainThread: true };";
/** The delay of the event loop is measured at the scrape. A monitor between scrapes holds 0.36 MiB for figures that nobody gets. */
const WITHOUT_MONITOR = /prom-client\/lib\/metrics\/eventLoopLag\.js$/;

/**
 * Node's own modules by `require`: an `import` reads all that a module exports, and `http` exports undici's WebSocket.
 * Each becomes one module with the exports that somebody uses; left to itself, the bundler makes a getter of every export
 * for every file that imports one: 8,000 of them, 2 MB.
 */
const nodeByRequire: Plugin = {
  name: "node-by-require",
  setup: ({ onResolve, onLoad, onEnd }) => {
    let isMonitorLeftOut = false;
    onResolve({ filter: /^[a-z:_/0-9]+$/ }, ({ path: id, kind, namespace, importer }) => {
      if (!isBuiltin(id)) return undefined;
      const name = id.replace(/^node:/, "");
      if (WITHOUT_MONITOR.test(importer)) {
        isMonitorLeftOut = true;
        return { path: name, namespace: "node-none" };
      }
      const isAsIs = kind !== "import-statement" && !SELDOM.has(name);
      if (isAsIs || namespace.startsWith("node-")) return { path: id, external: true };
      const format = kind === "import-statement" ? "esm" : "cjs";
      return { path: name, namespace: `node-${format}`, sideEffects: false };
    });
    onLoad({ filter: /.*/, namespace: "node-esm" }, ({ path: name }) => ({
      contents: name === "zlib" ? NO_ZLIB : SELDOM.has(name) ? moduleOfLater(name) : moduleOfUsed(name),
    }));
    onLoad({ filter: /.*/, namespace: "node-none" }, () => ({ contents: "module.exports = {};" }));
    onLoad({ filter: /.*/, namespace: "node-cjs" }, ({ path: name }) => ({
      contents: name === "worker_threads" ? NO_THREADS : `module.exports = ${later(name)};`,
    }));
    onEnd(() => ({ errors: isMonitorLeftOut ? [] : [{ text: `${WITHOUT_MONITOR} is not there any more` }] }));
  },
};

const requireHere = createRequire(import.meta.url);

function moduleOfUsed(name: string): string {
  const names = Object.keys(requireHere(`node:${name}`)).filter((key) => /^[a-zA-Z]\w*$/.test(key));
  // pure: what nobody uses is left out, and a deprecated export is never touched
  const exports = names.map((key) => `export const ${key} = /* @__PURE__ */ take("${key}");`);
  return `const node = require("node:${name}");
    const take = (key) => node[key];
    export default node;
    ${exports.filter((line) => !line.startsWith("export const default ")).join("\n")}`;
}

/** A function by its name, or the whole: any other name by itself is refused. */
function moduleOfLater(name: string): string {
  const functions = Object.entries(requireHere(`node:${name}`)).filter(([, value]) => isPlainFunction(value));
  return `export default ${later(name)};
    ${functions.map(([key]) => `export const ${key} = (...all) => require("node:${name}").${key}(...all);`).join("\n")}`;
}

/** Not a class: one is extended, and asked for by `instanceof`. */
function isPlainFunction(value: unknown): boolean {
  return typeof value === "function" && !/^[A-Z]/.test(value.name);
}

/** Who asks whether it is an ES module does not use it yet. */
function later(name: string): string {
  return `new Proxy({}, {
    get: (_, key) => (key === "__esModule" ? undefined : require("node:${name}")[key]),
  })`;
}

/** The programs that are made of several files. */
const PERL_PARTS: Readonly<Record<string, readonly string[]>> = {
  listener: LISTENER_PARTS,
};

/** The bundle is one file, so each Perl program becomes a text in it: `io/NAME-script.ts` has that of `NAME.pl`. */
const perlAsText: Plugin = {
  name: "perl-as-text",
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/io\/[a-z-]+-script\.ts$/ }, ({ path: file }) => {
      const name = path.basename(file, "-script.ts");
      const parts = PERL_PARTS[name] ?? [`${name}.pl`];
      const scripts = parts.map((part) => path.join(path.dirname(file), "..", part));
      const text = scripts.map((script) => readFileSync(script, "utf8")).join("");
      const constant = `${name.replaceAll("-", "_").toUpperCase()}_SCRIPT`;
      return { contents: `export const ${constant} = ${JSON.stringify(text)};`, watchFiles: scripts };
    });
  },
};

await build({
  absWorkingDir: root,
  entryPoints: ["src/main.ts"],
  outfile: "dist/rancher-keepalived.mjs",
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  banner: { js: BANNER },
  plugins: [nodeByRequire, withoutUnused, compiledTemplate, perlAsText],
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 200,
  logLevel: "warning",
});
