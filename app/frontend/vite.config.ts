import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const COMPRESSED = /\.(html|js|css|svg|webmanifest)$/;

/** Puts .br and .gz beside every text file, so that the backend never compresses while serving. */
function precompress(): Plugin {
  return {
    name: 'lager-precompress',
    apply: 'build',
    closeBundle() {
      for (const file of filesBelow('dist').filter((path) => COMPRESSED.test(path))) {
        const body = readFileSync(file);
        writeFileSync(`${file}.gz`, gzipSync(body, { level: 9 }));
        writeFileSync(`${file}.br`, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
      }
    },
  };
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory)
    .map((name) => join(directory, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesBelow(path) : [path]));
}

export default defineConfig({
  plugins: [svelte(), precompress()],
  build: { target: 'es2022', cssTarget: ['chrome108', 'safari15.6', 'firefox108'], modulePreload: { polyfill: false }, license: { fileName: 'licenses.md' }, assetsInlineLimit: 0, reportCompressedSize: false },
  server: { proxy: { '/api': { target: 'http://127.0.0.1:8000', ws: true } } },
});
