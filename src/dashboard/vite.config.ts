import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));

/**
 * Builds the dashboard into dist/dashboard. Nothing is inlined (the service sends a CSP without
 * 'unsafe-inline'), and nothing is loaded from elsewhere.
 */
export default defineConfig({
  root: here,
  plugins: [react()],
  build: {
    outDir: fileURLToPath(new URL('../../dist/dashboard', import.meta.url)),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: { '/v1': process.env.PIKA_EXPANDER_URL ?? 'http://127.0.0.1:8087' } },
});
