/**
 * Makes the one file in dist/: whatever the agent never uses is not loaded, since every host holds it in memory for months.
 *
 * White space goes and names stay, so that a stack trace can be read. Without comments the text is ASCII, of which V8
 * holds one byte a character instead of two.
 */
import { createRequire, isBuiltin } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

/** Node has no `require` in an ES module, and what axios looks for in globals would load undici: 40 ms, 3 MB. */
const BANNER = `import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
for (const name of ["fetch", "FormData", "Headers", "Request", "Response"]) delete globalThis[name];`;

/**
 * Node's own modules by `require`: an `import` reads all that a module exports, and `http` exports undici's WebSocket.
 * Each becomes one module with the exports that somebody uses; left to itself, the bundler makes a getter of every export
 * for every file that imports one: 8,000 of them, 2 MB. axios imports `http2` and never gets to use it here, so it comes
 * with its first use.
 */
const nodeByRequire: Plugin = {
  name: "node-by-require",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^[a-z:_/0-9]+$/ }, ({ path: name, kind }) => {
      if (!isBuiltin(name)) return undefined;
      if (kind !== "import-statement") return { path: name, external: true };
      return { path: name.replace(/^node:/, ""), namespace: "node", sideEffects: false };
    });
    onLoad({ filter: /.*/, namespace: "node" }, ({ path: name }) => ({ contents: moduleOf(name) }));
  },
};

const requireHere = createRequire(import.meta.url);

function moduleOf(name: string): string {
  const node = `require("node:${name}")`;
  if (name === "http2") return `export default new Proxy({}, { get: (_, key) => ${node}[key] });`;
  const names = Object.keys(requireHere(`node:${name}`)).filter(
    (key) => /^[a-zA-Z]\w*$/.test(key) && key !== "default",
  );
  // pure: what nobody uses is left out, and a deprecated export is never touched
  const exports = names.map((key) => `export const ${key} = /* @__PURE__ */ take("${key}");`);
  return `const node = ${node};\nconst take = (key) => node[key];\nexport default node;\n${exports.join("\n")}`;
}

/** axios sends no forms here, and the package for them brings every MIME type there is: axios leaves it out in browsers. */
const withoutForms: Plugin = {
  name: "without-forms",
  setup: ({ onResolve }) => {
    onResolve({ filter: /^form-data$/ }, () => ({
      path: fileURLToPath(import.meta.resolve("axios/unsafe/helpers/null.js")),
    }));
  },
};

const root = path.dirname(import.meta.dirname);
await build({
  absWorkingDir: root,
  entryPoints: ["src/main.ts"],
  outfile: "dist/rancher-keepalived.mjs",
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  banner: { js: BANNER },
  plugins: [nodeByRequire, withoutForms],
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 200,
  logLevel: "warning",
});
