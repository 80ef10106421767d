// `prisma migrate deploy` without any download: the schema engine is the WebAssembly that the package brings, and it
// reaches PostgreSQL through the driver the application uses (ADR 0042).
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { defineConfig } from 'prisma/config';
import { PrimaryClient } from './prisma/primary.mjs';

// The command line looks for native engines even where it does not use them; a path that exists keeps it from fetching.
const here = fileURLToPath(import.meta.url);
process.env.PRISMA_QUERY_ENGINE_LIBRARY ??= here;
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= here;

// The engine waits at most 10 s for another migration's lock, and leaves the clock running when it has it; with users
// behind the maintenance page nobody waits for that. The timer still fires while something is under way.
const LOCK_MS = 10_000;
const { setTimeout: start } = globalThis;
globalThis.setTimeout = (call, delay, ...given) => {
  const timer = start(call, delay, ...given);
  return delay === LOCK_MS ? timer.unref() : timer;
};

const NAME = 19;
const TEXT = 25;

/** PostgreSQL's type `name` is text of 63 bytes; the driver adapter knows only text. */
class Client extends PrimaryClient {
  constructor(config) {
    super(config);
    this.connection.on('rowDescription', ({ fields }) => {
      for (const field of fields) if (field.dataTypeID === NAME) field.dataTypeID = TEXT;
    });
  }
}

/** A migration goes to the server as a whole: one transaction, and a semicolon in a function's body is no end. */
class WholeScripts extends PrismaPg {
  async connect() {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      try {
        await adapter.client.query(script);
      } catch (error) {
        adapter.onError(error);
      }
    };
    return adapter;
  }
}

export default defineConfig({
  schema: 'prisma/schema.prisma',
  experimental: { adapter: true },
  engine: 'js',
  // An idle connection does not keep the command from ending.
  adapter: async () =>
    new WholeScripts(new pg.Pool({ connectionString: process.env.DATABASE_URL, Client, allowExitOnIdle: true })),
});
