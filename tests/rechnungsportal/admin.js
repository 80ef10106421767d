// The portal has no accounts: its administrator is whoever knows the word in the secret `verwaltung`.
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Mistake } from './store.js';

const digest = (text) => createHash('sha256').update(text).digest();

export function onlyAdmins(request, response, next) {
  const word = readFileSync('/run/secrets/verwaltung', 'utf8').trim();
  const given = (request.get('authorization') ?? '').replace(/^Bearer /, '');
  if (!timingSafeEqual(digest(given), digest(word))) throw new Mistake('Das darf nur die Verwaltung.', 403);
  next();
}
