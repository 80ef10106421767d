import { redirect, type Handle, type HandleServerError, type ServerInit } from '@sveltejs/kit';
import { mkdir } from 'node:fs/promises';
import { database } from '$lib/server/database';
import { log } from '$lib/server/log';
import { record } from '$lib/server/metrics';
import { startQueue, stopQueue } from '$lib/server/printing';
import { userOf } from '$lib/server/sessions';
import { settings } from '$lib/server/settings';

const OPEN = ['/anmelden', '/api/health'];

export const init: ServerInit = async () => {
  await mkdir(settings.uploads, { recursive: true });
  log.info('gestartet', { pid: process.pid, platform: process.platform, node: process.version });
  startQueue();
  process.on('sveltekit:shutdown', async (reason: string) => {
    stopQueue();
    await database.$disconnect();
    log.info('beendet', { reason });
  });
};

export const handle: Handle = async ({ event, resolve }) => {
  const began = performance.now();
  const token = event.cookies.get('sitzung');
  event.locals.user = token && !OPEN.includes(event.url.pathname) ? await userOf(token) : null;
  if (!event.locals.user && !OPEN.includes(event.url.pathname)) redirect(303, '/anmelden');
  const response = await resolve(event);
  measure(event.request.method, event.route.id ?? 'unbekannt', response.status, performance.now() - began);
  return response;
};

export const handleError: HandleServerError = ({ error, event, status }) => {
  if (status >= 500)
    log.error('Unerwarteter Fehler', {
      error: error instanceof Error ? error.stack : String(error),
      path: event.url.pathname,
    });
  return { message: status === 404 ? 'Diese Seite gibt es nicht.' : 'Das hat nicht geklappt. Bitte noch einmal.' };
};

function measure(method: string, route: string, status: number, milliseconds: number): void {
  const duration = Math.round(milliseconds);
  record(`${method} ${route}`, milliseconds);
  log.debug('Anfrage', { method, route, status, duration });
  if (milliseconds > settings.slowMs) log.warn('Langsame Anfrage', { method, route, status, duration });
}
