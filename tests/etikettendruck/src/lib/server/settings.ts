import path from 'node:path';

/** What the environment says, read once. SHARED_DIR lies outside the release and is the same for all of them. */
const shared = process.env.SHARED_DIR ?? '.';

export const settings = {
  version: __APP_VERSION__,
  databaseUrl: process.env.DATABASE_URL ?? '',
  poolSize: Number(process.env.DATABASE_POOL ?? '20'),
  logs: process.env.LOG_DIR ?? path.join(shared, 'logs'),
  uploads: process.env.UPLOAD_DIR ?? path.join(shared, 'uploads'),
  logLevel: process.env.LOG_LEVEL ?? 'info',
  slowMs: Number(process.env.SLOW_REQUEST_MS ?? '1000'),
  heapWarningMb: Number(process.env.HEAP_WARNING_MB ?? '500'),
};
