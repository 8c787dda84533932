import path from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const root = import.meta.dirname;

/** Builds the console to where tracestore serves it from. `npx vite apps/console` develops it beside a stack that runs. */
export default defineConfig({
  root,
  plugins: [react()],
  build: {
    outDir: path.join(root, '../../dist/apps/tracestore/console/web/files'),
    emptyOutDir: true,
    // What is inlined, a strict policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Swagger UI, in kB: it is loaded for the page of the API alone.
    chunkSizeWarningLimit: 1500,
  },
  server: { host: '127.0.0.1', proxy: { '/api': 'http://127.0.0.1:8080' } },
});
