import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../../generated/client';
import { log } from './log';
import { settings } from './settings';

/** No native engine: queries are compiled by WebAssembly and travel through `pg`. A broken connection is replaced by the
 * pool, so that a failover needs no restart. */
const adapter = new PrismaPg(
  { connectionString: settings.databaseUrl, max: settings.poolSize, connectionTimeoutMillis: 3000 },
  { onPoolError: (error) => log.warn('Datenbankverbindung verloren', { error: error.message }) },
);

export const database = new PrismaClient({ adapter });
