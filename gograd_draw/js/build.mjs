// Builds the asset of the explorer that holds Graphviz: `npm ci --ignore-scripts && node build.mjs`.
// The same versions give the same bytes; package-lock.json pins them.

import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const target = new URL("../src/gograd_draw/explorer/assets/viz.js.gz", import.meta.url);
const result = await build({
  stdin: { contents: 'export { instance } from "@viz-js/viz";', resolveDir: import.meta.dirname },
  bundle: true,
  charset: "ascii",
  format: "iife",
  globalName: "Viz",
  legalComments: "inline",
  minify: true,
  write: false,
});
const [{ contents }] = result.outputFiles;
writeFileSync(target, gzipSync(contents, { level: 9 }));
console.log(`${contents.length} bytes`);
