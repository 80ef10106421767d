import adapter from '@sveltejs/adapter-node';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

export default {
  preprocess: vitePreprocess(),
  kit: { adapter: adapter({ precompress: false }) }, // scripts/compress.mjs does it, after scripts/minify.mjs
};
