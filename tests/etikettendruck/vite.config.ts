import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vitest/config';
import { version } from './package.json';

/** Chunks that stay the same from release to release, so that browsers keep them. */
function chunkOf(id: string): string | undefined {
  if (/node_modules\/(svelte|esm-env|clsx)\//.test(id)) return 'svelte';
  return undefined;
}

export default defineConfig({
  plugins: [sveltekit()],
  define: { __APP_VERSION__: JSON.stringify(version) },
  build: { rollupOptions: { output: { manualChunks: chunkOf } } },
  test: { include: ['src/**/*.test.ts'] },
});
