// `npm run test:integration`: the built package in a real browser, with a real PostgreSQL, by Upkeep's tests.
import path from 'node:path';
import { run, upkeep } from './upkeep.mjs';

const tests = 'tests/integration/etikettendruck/test_browser.py';
run(path.join(upkeep, '.venv', 'bin', 'python'), '-m', 'pytest', '-q', '-m', 'not faults', tests);
