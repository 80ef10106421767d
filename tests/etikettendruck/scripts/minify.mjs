// The server's own code, minified and without console calls. What the browser gets, Vite has minified already.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { minify } from 'terser';

const build = path.resolve(import.meta.dirname, '../build');
const options = { module: true, compress: { drop_console: true, drop_debugger: true, passes: 2 }, mangle: true };

for (const entry of await readdir(build, { recursive: true, withFileTypes: true })) {
  const file = path.join(entry.parentPath, entry.name);
  if (!entry.isFile() || !file.endsWith('.js') || file.startsWith(path.join(build, 'client'))) continue;
  const { code } = await minify(await readFile(file, 'utf8'), options);
  await writeFile(file, code);
}
