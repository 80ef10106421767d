import { access, constants, statfs } from 'node:fs/promises';
import { database } from './database';
import { settings } from './settings';

const MEGABYTE = 1024 * 1024;
const SPACE_WARNING = 0.1;

type Status = 'healthy' | 'warning' | 'error';
interface Check {
  status: Status;
  [fact: string]: unknown;
}

export interface Health {
  timestamp: string;
  status: 'healthy' | 'unhealthy';
  version: string;
  checks: { database: Check; filesystem: Check; memory: Check };
}

/** What is wrong makes it unhealthy; a warning does not. */
export async function health(): Promise<Health> {
  const [databaseCheck, filesystem] = await Promise.all([checkDatabase(), checkFilesystem()]);
  const checks = { database: databaseCheck, filesystem, memory: checkMemory() };
  const wrong = Object.values(checks).some((check) => check.status === 'error');
  const status = wrong ? 'unhealthy' : 'healthy';
  return { timestamp: new Date().toISOString(), status, version: settings.version, checks };
}

async function checkDatabase(): Promise<Check> {
  const began = performance.now();
  try {
    await database.$queryRaw`SELECT 1`;
    return { status: 'healthy', latency: Math.round(performance.now() - began) };
  } catch {
    return { status: 'error', latency: Math.round(performance.now() - began) };
  }
}

/** Free megabytes where uploads go: asked of the file system, on Windows and Linux alike. */
async function checkFilesystem(): Promise<Check> {
  try {
    await access(settings.uploads, constants.W_OK);
    const { bavail, blocks, bsize } = await statfs(settings.uploads);
    const freeSpace = Math.round((bavail * bsize) / MEGABYTE);
    return { status: bavail / blocks < SPACE_WARNING ? 'warning' : 'healthy', freeSpace };
  } catch {
    return { status: 'error', freeSpace: 0 };
  }
}

function checkMemory(): Check {
  const usage = Math.round(process.memoryUsage().heapUsed / MEGABYTE);
  return { status: usage < settings.heapWarningMb ? 'healthy' : 'warning', usage };
}
