import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { budget } from "./tools/budget";
import { compressed } from "./tools/compressed";

/** Where `vite` in development finds the server (`make serve`). */
const server = process.env.HOLDFAST_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react(), budget({ firstPageScriptKb: 170, chunkKb: 120 }), compressed()],
  resolve: { alias: { "~": new URL("./src", import.meta.url).pathname } },
  build: {
    outDir: "../src/holdfast/app/web",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    // Small files stay files: the content security policy allows no data: scripts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: "127.0.0.1",
    hmr: process.env.HOLDFAST_HMR === "off" ? false : undefined,
    proxy: Object.fromEntries(
      ["/v1", "/api", "/simulator", "/.well-known", "/privacy", "/docs"].map((path) => [path, { target: server }]),
    ),
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["tools/test-setup.ts"],
    restoreMocks: true,
  },
});
