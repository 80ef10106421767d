// The first user, and only where there is none yet. ADMIN_NAME and ADMIN_PASSWORD come from the environment.
import { randomBytes, scryptSync } from 'node:crypto';
import { PrimaryClient } from './primary.mjs';

const client = new PrimaryClient({ connectionString: process.env.DATABASE_URL });
await client.connect();
try {
  const { rows } = await client.query('SELECT count(*)::int AS users FROM benutzer');
  if (rows[0].users > 0) process.stdout.write('Es gibt schon Benutzer: nichts angelegt.\n');
  else await first(process.env.ADMIN_NAME ?? 'admin', process.env.ADMIN_PASSWORD);
} finally {
  await client.end();
}

async function first(name, password) {
  if (!password) throw new Error('ADMIN_PASSWORD fehlt: ohne Kennwort wird kein Benutzer angelegt.');
  const salt = randomBytes(16);
  const hash = `${salt.toString('hex')}:${scryptSync(password, salt, 32).toString('hex')}`;
  await client.query('INSERT INTO benutzer (name, "passwordHash") VALUES ($1, $2)', [name, hash]);
  process.stdout.write(`Benutzer „${name}“ angelegt.\n`);
}
