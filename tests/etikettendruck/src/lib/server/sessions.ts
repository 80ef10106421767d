import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { database } from './database';

const HOURS = 12;
const derive = promisify(scrypt) as (password: string, salt: Buffer, length: number) => Promise<Buffer>;

/** Sessions lie in PostgreSQL, only their hashes: a log-in outlives a change of server. */
export async function begin(name: string, password: string): Promise<{ token: string; userId: number } | null> {
  const user = await database.user.findUnique({ where: { name } });
  if (!user || !(await matches(password, user.passwordHash))) return null;
  const token = randomBytes(32).toString('base64url');
  const expiresAt = new Date(Date.now() + HOURS * 3600_000);
  await database.session.create({ data: { tokenHash: hashOf(token), userId: user.id, expiresAt } });
  return { token, userId: user.id };
}

export async function userOf(token: string): Promise<{ id: number; name: string } | null> {
  const session = await database.session.findUnique({ where: { tokenHash: hashOf(token) }, include: { user: true } });
  return session && session.expiresAt > new Date() ? { id: session.user.id, name: session.user.name } : null;
}

export async function end(token: string): Promise<void> {
  await database.session.deleteMany({ where: { tokenHash: hashOf(token) } });
}

async function matches(password: string, stored: string): Promise<boolean> {
  const [salt, hash] = stored.split(':').map((part) => Buffer.from(part, 'hex'));
  return timingSafeEqual(await derive(password, salt, hash.length), hash);
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
