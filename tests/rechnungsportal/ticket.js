// Tickets for the web door (docs/update-knopf.md): whoever holds one may have one thing done, once, within a minute.
import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

export const ACTIONS = ['start-update', 'check-update'];

export function ticket(action, sub) {
  const key = readFileSync('/run/secrets/ticket-key', 'utf8').split('\n')[0].trim();
  const iat = Math.floor(Date.now() / 1000);
  const claims = { v: 1, aud: 'upkeep-door', stack: process.env.UPKEEP_STACK, action, nonce: randomUUID(), iat, exp: iat + 60, sub };
  const body = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
}
