import { gzipSync } from "node:zlib";

import type { Plugin, Rollup } from "vite";

/** What a build may weigh at most, gzipped, in kB (1 kB = 1000 bytes). */
export interface Budget {
  /** Script the first page loads before it can be used: the entry and everything it imports statically. */
  firstPageScriptKb: number;
  /** Any other file of script. */
  chunkKb: number;
}

/** Fails a build whose script weighs more than its budget, and prints what it weighs. */
export function budget({ firstPageScriptKb, chunkKb }: Budget): Plugin {
  return {
    name: "holdfast-budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const first = firstPage(chunks);
      const firstKb = [...first].reduce((sum, chunk) => sum + weightKb(chunk), 0);
      this.info(`first page: ${firstKb.toFixed(1)} kB of script, gzipped; ${firstPageScriptKb} allowed`);
      const over = chunks
        .filter((chunk) => !first.has(chunk) && weightKb(chunk) > chunkKb)
        .map((chunk) => `${chunk.fileName} weighs ${weightKb(chunk).toFixed(1)} kB; ${chunkKb} allowed`);
      if (firstKb > firstPageScriptKb) {
        const largest = [...first].map((chunk) => `${chunk.fileName} ${weightKb(chunk).toFixed(1)}`).join(", ");
        over.push(`the first page weighs ${firstKb.toFixed(1)} kB; ${firstPageScriptKb} allowed (${largest})`);
      }
      if (over.length > 0) this.error(over.join("\n"));
    },
  };
}

/** The entry, what it imports statically, and the page that `/` shows: all that a first visit waits for. */
function firstPage(chunks: Rollup.OutputChunk[]): Set<Rollup.OutputChunk> {
  const named = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const reached = new Set<Rollup.OutputChunk>();
  const todo = chunks.filter((chunk) => chunk.isEntry || chunk.facadeModuleId?.endsWith("/features/home/HomePage.tsx"));
  for (let chunk = todo.pop(); chunk; chunk = todo.pop()) {
    if (reached.has(chunk)) continue;
    reached.add(chunk);
    todo.push(...chunk.imports.flatMap((name) => named.get(name) ?? []));
  }
  return reached;
}

function weightKb(chunk: Rollup.OutputChunk): number {
  return gzipSync(chunk.code).byteLength / 1000;
}
