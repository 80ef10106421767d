// The portal's pages. Everything that came from people passes `text`.
import { euro } from './money.js';
import { summary } from './summary.js';

const day = new Intl.DateTimeFormat('de-DE', { dateStyle: 'medium', timeZone: 'Europe/Berlin' });

export function text(value) {
  return String(value).replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);
}

export function overview(frame, invoices) {
  const rows = invoices.map((invoice) => `<tr>
    <td><a href="/rechnungen/${invoice.number}">${invoice.number}</a></td><td>${text(invoice.customer)}</td>
    <td>${text(invoice.subject)}</td><td>${day.format(new Date(invoice.created))}</td>
    <td class="amount">${euro(invoice.cents)}</td></tr>`);
  const table = `<table><thead><tr><th>Nr.</th><th>Kunde</th><th>Leistung</th><th>Datum</th>
    <th class="amount">Betrag</th></tr></thead><tbody>${rows.join('')}</tbody>${summary(invoices)}</table>`;
  return page(frame, 'Rechnungen', `<a class="button" href="/rechnungen/neu">Neue Rechnung</a>
    ${rows.length ? table : '<p>Noch keine Rechnungen.</p>'}`);
}

export function form(frame) {
  return page(frame, 'Neue Rechnung', `<form method="post" action="/rechnungen">
    <label>Kunde <input name="customer" required autofocus></label>
    <label>Leistung <input name="subject"></label>
    <label>Betrag in Euro <input name="amount" inputmode="decimal" required pattern="[0-9]+([,.][0-9]{1,2})?"></label>
    <button class="button">Speichern</button></form>`);
}

export function detail(frame, invoice, documents) {
  const base = `/api/invoices/${invoice.number}/documents/`;
  const links = documents.map((name) => `<li><a href="${base}${encodeURIComponent(name)}">${text(name)}</a></li>`);
  return page(frame, `Rechnung ${invoice.number}`, `<dl><dt>Kunde</dt><dd>${text(invoice.customer)}</dd>
    <dt>Leistung</dt><dd>${text(invoice.subject) || '–'}</dd>
    <dt>Datum</dt><dd>${day.format(new Date(invoice.created))}</dd>
    <dt>Betrag</dt><dd>${euro(invoice.cents)}</dd></dl>
    <h2>Belege</h2>${links.length ? `<ul>${links.join('')}</ul>` : '<p>Keine.</p>'}
    <label class="button">Beleg anhängen <input type="file" hidden></label>
    <script>
      document.querySelector('input[type=file]').onchange = async ({ target }) => {
        const [file] = target.files;
        const answer = await fetch('${base}' + encodeURIComponent(file.name), { method: 'PUT', body: file });
        if (answer.ok) location.reload(); else alert('Das Hochladen hat nicht geklappt.');
      };
    </script>`);
}

export function administration(frame) {
  return page(frame, 'Verwaltung', `<form><label>Kennwort der Verwaltung <input type="password" required></label>
    <button class="button">Update starten</button></form><p role="status"></p>
    <script>
      const say = (words) => { document.querySelector('[role=status]').textContent = words; };
      const post = (path, headers, body) => fetch(path, { method: 'POST', credentials: 'omit', body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json', ...headers } });
      document.querySelector('form').onsubmit = async (event) => {
        event.preventDefault();
        const word = document.querySelector('input').value;
        let answer = await post('/api/v1/system/ticket', { Authorization: 'Bearer ' + word }, { action: 'start-update' });
        if (answer.ok) answer = await post('/api/system/start-update', { 'X-Upkeep-Request': '1' }, await answer.json());
        const { run, running, error } = await answer.json();
        const followed = run ?? running?.id;
        if (!followed) return say(error);
        say('Update wird gestartet…');
        const timer = setInterval(async () => {
          const now = await fetch('/api/system/update').then((told) => told.json()).catch(() => ({}));
          if (now.running) say(now.phase + ' (' + now.percent + ' %)');
          else if (now.instance === followed) { clearInterval(timer); say('Fertig: ' + now.result + ', Version ' + now.release); }
        }, 1000);
      };
    </script>`);
}

export function trouble(frame, message) {
  return page(frame, 'Das hat nicht geklappt', `<p>${text(message)}</p><p><a href="/">Zu den Rechnungen</a></p>`);
}

function page({ company, version }, title, body) {
  return `<!doctype html><html lang="de"><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} – ${text(company)}</title>
    <link rel="stylesheet" href="/style.css">
    <header><a href="/">${text(company)}</a><span>Rechnungsportal</span></header>
    <main><h1>${title}</h1>${body}</main><footer>Version ${text(version)}</footer></html>`;
}
