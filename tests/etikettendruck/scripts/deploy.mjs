// `npm run deploy:staging`, `npm run deploy:production`: builds the release package and rolls it out with Upkeep.
// UPKEEP names Upkeep's folder; INVENTORY the inventory below it, otherwise inventories/<environment>.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const environment = process.argv[2];
const upkeep = process.env.UPKEEP;
if (!upkeep) end('UPKEEP fehlt: der Ordner, in dem Upkeep liegt.');
const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
const target = path.join(upkeep, 'dist', 'windows');
const inventory = process.env.INVENTORY ?? path.join('inventories', environment);

run('make', 'windows-package', `SOURCE=${process.cwd()}`, `TARGET=${target}`);
const story = ['-i', inventory, 'playbooks/windows/deploy.yml', '-e', `package=${path.join(target, `${name}-${version}.zip`)}`];
run(path.join(upkeep, '.venv', 'bin', 'ansible-playbook'), ...story);

function run(program, ...words) {
  const { status, error } = spawnSync(program, words, { cwd: upkeep, stdio: 'inherit' });
  if (error || status !== 0) end(`${path.basename(program)} ist gescheitert${error ? `: ${error.message}` : ''}.`);
}

function end(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}
