import { connect } from 'node:net';
import { database } from './database';
import { log } from './log';
import { zpl } from './zpl';

const ATTEMPTS = 3;
const PAUSE_MS = 1000;
const TIMEOUT_MS = 5000;

let timer: NodeJS.Timeout | undefined;
let stopping = false;

/** Takes one job after the other; several servers may do so at the same time. */
export function startQueue(): void {
  timer = setTimeout(async () => {
    try {
      while (!stopping && (await printNext()));
    } catch (error) {
      log.warn('Druckwarteschlange wartet', { error: String(error) });
    }
    if (!stopping) startQueue();
  }, PAUSE_MS);
}

export function stopQueue(): void {
  stopping = true;
  clearTimeout(timer);
}

async function printNext(): Promise<boolean> {
  const taken = await database.$queryRaw<{ id: number }[]>`
    UPDATE druckauftrag SET state = 'printing', attempts = attempts + 1, "changedAt" = now()
    WHERE id = (SELECT id FROM druckauftrag
                WHERE state = 'queued' OR (state = 'printing' AND "changedAt" < now() - interval '1 minute')
                ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1)
    RETURNING id`;
  if (taken.length === 0) return false;
  await print(taken[0].id);
  return true;
}

async function print(id: number): Promise<void> {
  const job = await database.printJob.findUniqueOrThrow({ where: { id }, include: { label: true, printer: true } });
  try {
    await send(job.printer.host, job.printer.port, zpl(job.label.title, job.label.content));
    await database.printJob.update({ where: { id }, data: { state: 'printed', error: null, changedAt: new Date() } });
  } catch (error) {
    const state = job.attempts < ATTEMPTS ? 'queued' : 'failed';
    const text = `${job.printer.name} (${job.printer.host}:${job.printer.port}): ${String(error)}`;
    log.warn('Druck gescheitert', { job: id, error: text, attempt: job.attempts });
    await database.printJob.update({ where: { id }, data: { state, error: text, changedAt: new Date() } });
  }
}

function send(host: string, port: number, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('keine Antwort')));
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('connect', () => socket.end(text));
  });
}
