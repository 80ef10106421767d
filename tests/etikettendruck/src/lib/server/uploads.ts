import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { settings } from './settings';

const ALLOWED = new Map([
  ['image/png', '.png'],
  ['image/jpeg', '.jpg'],
  ['application/pdf', '.pdf'],
]);
const LIMIT = 10 * 1024 * 1024;

export class UploadRefused extends Error {}

/** On the share that all servers see, under a name of our own. */
export async function keep(file: File): Promise<string> {
  const ending = ALLOWED.get(file.type);
  if (!ending) throw new UploadRefused('Nur PNG, JPEG und PDF.');
  if (file.size > LIMIT) throw new UploadRefused('Die Datei ist größer als 10 MB.');
  const name = `${randomUUID()}${ending}`;
  await mkdir(settings.uploads, { recursive: true });
  await writeFile(path.join(settings.uploads, name), Buffer.from(await file.arrayBuffer()), { flag: 'wx' });
  return name;
}
