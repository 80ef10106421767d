import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrimaryClient } from '../../../prisma/primary.mjs';
import { PrismaClient } from '../../generated/client';
import { log } from './log';
import { settings } from './settings';

/** A broken connection is replaced by the pool, and goes to whoever is the primary then: a failover needs no restart. */
const pool = new pg.Pool({
  connectionString: settings.databaseUrl,
  max: settings.poolSize,
  connectionTimeoutMillis: 5000,
  query_timeout: 5000,
  keepAlive: true,
  Client: PrimaryClient as new () => pg.ClientBase,
});

/** No native engine: queries are compiled by WebAssembly and travel through `pg`. */
const adapter = new PrismaPg(pool, {
  disposeExternalPool: true,
  onPoolError: (error) => log.warn('Datenbankverbindung verloren', { error: error.message }),
});

export const database = new PrismaClient({ adapter });
