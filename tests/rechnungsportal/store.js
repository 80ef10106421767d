// Invoices as files: <data>/rechnungen/<number>.json and <data>/belege/<number>/<name>.
// Two portals may share the directory: a number is taken by the one whose link() succeeds. What was answered is on disk.
import { link, mkdir, open, readFile, readdir, rename, unlink } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';

const FIRST = 1001;

export class Mistake extends Error {
  constructor(message, status = 422) {
    super(message);
    this.status = status;
  }
}

export class Invoices {
  constructor(directory) {
    this.invoices = path.resolve(directory, 'rechnungen');
    this.attachments = path.resolve(directory, 'belege');
  }

  async all() {
    const numbers = (await this.numbers()).sort((a, b) => b - a);
    return Promise.all(numbers.map((number) => this.find(number)));
  }

  async find(number) {
    const wanted = checkedNumber(number);
    try {
      return JSON.parse(await readFile(path.join(this.invoices, `${wanted}.json`), 'utf8'));
    } catch (error) {
      if (error.code === 'ENOENT') throw new Mistake(`Rechnung ${wanted} gibt es nicht.`, 404);
      throw error;
    }
  }

  async add(wish) {
    const draft = checkedInvoice(wish);
    await mkdir(this.invoices, { recursive: true });
    let number = Math.max(FIRST - 1, ...(await this.numbers())) + 1;
    while (!(await this.#take(number, draft))) number += 1;
    return this.find(number);
  }

  async documents(number) {
    return (await entries(path.join(this.attachments, String(number)))).filter((name) => !name.startsWith('.')).sort();
  }

  async attach(number, name, content) {
    const invoice = await this.find(number);
    if (!Buffer.isBuffer(content) || content.length === 0) throw new Mistake('Der Beleg ist leer.');
    const place = this.document(invoice.number, name);
    await mkdir(path.dirname(place), { recursive: true });
    const draft = await written(path.dirname(place), content);
    await rename(draft, place);
    await synced(path.dirname(place));
  }

  document(number, name) {
    if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,99}$/u.test(name)) throw new Mistake('Der Dateiname geht nicht.');
    return path.join(this.attachments, String(checkedNumber(number)), name);
  }

  async numbers() {
    const names = await entries(this.invoices);
    return names.filter((name) => /^\d+\.json$/.test(name)).map((name) => Number.parseInt(name, 10));
  }

  async #take(number, draft) {
    const invoice = { number, created: new Date().toISOString(), ...draft };
    const place = await written(this.invoices, JSON.stringify(invoice));
    try {
      await link(place, path.join(this.invoices, `${number}.json`));
    } catch (error) {
      if (error.code === 'EEXIST') return false;
      throw error;
    } finally {
      await unlink(place);
    }
    await synced(this.invoices);
    return true;
  }
}

function checkedNumber(number) {
  if (!/^\d{1,9}$/.test(String(number))) throw new Mistake('Das ist keine Rechnungsnummer.', 404);
  return Number(number);
}

function checkedInvoice({ customer, subject, amount }) {
  const cents = Math.round(Number(String(amount ?? '').replace(',', '.')) * 100);
  if (!String(customer ?? '').trim()) throw new Mistake('Der Kunde fehlt.');
  if (!Number.isSafeInteger(cents) || cents <= 0) throw new Mistake('Der Betrag muss größer als null sein.');
  return { customer: String(customer).trim(), subject: String(subject ?? '').trim(), cents };
}

async function entries(directory) {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

async function written(directory, content) {
  const place = path.join(directory, `.${randomUUID()}`);
  const file = await open(place, 'wx', 0o640);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  return place;
}

async function synced(directory) {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
