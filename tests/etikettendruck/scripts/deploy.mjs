// `npm run deploy:staging`, `npm run deploy:production`: builds the release package and rolls it out with Upkeep.
// INVENTORY names the inventory below Upkeep's folder, otherwise inventories/<environment>.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { run, upkeep } from './upkeep.mjs';

const environment = process.argv[2];
const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
const target = path.join(upkeep, 'dist', 'windows');
const inventory = process.env.INVENTORY ?? path.join('inventories', environment);
const deploy = ['playbooks/windows/deploy.yml', '-e', `package=${path.join(target, `${name}-${version}.zip`)}`];

run('make', 'windows-package', `SOURCE=${process.cwd()}`, `TARGET=${target}`);
run(path.join(upkeep, '.venv', 'bin', 'ansible-playbook'), '-i', inventory, ...deploy);
