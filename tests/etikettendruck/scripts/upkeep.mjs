// Upkeep's own programs, for scripts that need more than this folder. UPKEEP names the folder Upkeep lies in.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

export const upkeep = process.env.UPKEEP ?? '';
if (!upkeep) end('UPKEEP fehlt: der Ordner, in dem Upkeep liegt.');

/** Runs it in Upkeep's folder, its output on ours; ends this script when it fails. */
export function run(program, ...words) {
  const { status, error } = spawnSync(program, words, { cwd: upkeep, stdio: 'inherit' });
  if (error || status !== 0) end(`${path.basename(program)} ist gescheitert${error ? `: ${error.message}` : ''}.`);
}

function end(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}
