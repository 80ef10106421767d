// The invoice portal: pages for people, JSON below /api. Configured by PORT, DATA_DIR and FIRMA alone.
import express from 'express';
import { readFileSync } from 'node:fs';
import { onlyAdmins } from './admin.js';
import * as pages from './pages.js';
import { Invoices, Mistake } from './store.js';
import { ACTIONS, ticket } from './ticket.js';

const port = Number(process.env.PORT ?? 5000);
const company = process.env.FIRMA ?? 'Muster Haustechnik GmbH';
const version = process.env.PORTAL_VERSION ?? 'Entwicklung';
const invoices = new Invoices(process.env.DATA_DIR ?? 'data');
const style = readFileSync(new URL('./style.css', import.meta.url));
const frame = { company, version };
const app = express();
app.disable('x-powered-by');

// Before everything else: whoever updates the portal asks here whether it has started.
app.get('/api/health', (request, response) => response.type('text/plain').send('OK'));

app.get('/style.css', (request, response) => response.type('css').send(style));
app.get('/', async (request, response) => response.send(pages.overview(frame, await invoices.all())));
app.get('/rechnungen/neu', (request, response) => response.send(pages.form(frame)));
app.post('/rechnungen', express.urlencoded({ extended: false }), async (request, response) => {
  const invoice = await invoices.add(request.body);
  response.redirect(303, `/rechnungen/${invoice.number}`);
});
app.get('/rechnungen/:number', async (request, response) => {
  const invoice = await invoices.find(request.params.number);
  response.send(pages.detail(frame, invoice, await invoices.documents(invoice.number)));
});

app.get('/api/invoices', async (request, response) => response.json(await invoices.all()));
app.post('/api/invoices', express.json(), async (request, response) =>
  response.status(201).json(await invoices.add(request.body ?? {})));
app.get('/api/invoices/:number', async (request, response) =>
  response.json(await invoices.find(request.params.number)));
app.put('/api/invoices/:number/documents/:name', express.raw({ type: () => true, limit: '20mb' }),
  async (request, response) => {
    await invoices.attach(request.params.number, request.params.name, request.body);
    response.status(201).json({ name: request.params.name, bytes: request.body.length });
  });
app.get('/api/invoices/:number/documents/:name', (request, response) =>
  response.download(invoices.document(request.params.number, request.params.name)));

// The update button: the page asks here for a ticket and takes it to the door, which answers on the same address.
app.get('/verwaltung', (request, response) => response.send(pages.administration(frame)));
app.post('/api/v1/system/ticket', onlyAdmins, express.json(), (request, response) => {
  const action = request.body?.action;
  if (!ACTIONS.includes(action)) throw new Mistake('Diesen Vorgang gibt es nicht.', 422);
  response.json({ ticket: ticket(action, 'verwaltung') });
});

app.use((request, response) => fail(request, response, 404, 'Das gibt es hier nicht.'));
app.use((error, request, response, next) => {
  if (response.headersSent) return next(error);
  const known = error instanceof Mistake || error.status < 500;
  if (!known) console.error(error);
  fail(request, response, known ? error.status : 500, known ? error.message : 'Das hat leider nicht geklappt.');
});

function fail(request, response, status, message) {
  const wantsPage = request.accepts(['json', 'html']) === 'html';
  response.status(status);
  if (wantsPage) response.send(pages.trouble(frame, message));
  else response.json({ error: message });
}

const server = app.listen(port, () => console.log(`Rechnungsportal ${version} hört auf Port ${port}`));
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    console.log(`${signal}: laufende Anfragen werden zu Ende geführt`);
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
