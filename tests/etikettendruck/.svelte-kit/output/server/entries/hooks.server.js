import { redirect } from "@sveltejs/kit";
import { mkdir } from "node:fs/promises";
import { l as log, d as database } from "../chunks/database.js";
import { r as record } from "../chunks/metrics.js";
import { connect } from "node:net";
import { u as userOf } from "../chunks/sessions.js";
import { s as settings } from "../chunks/settings.js";
function zpl(title, content) {
  return `^XA^CI28^FO40,40^A0N,60,60^FD${plain(title)}^FS^FO40,130^A0N,36,36^FB700,8^FD${plain(content)}^FS^XZ
`;
}
function plain(text) {
  return text.replace(/[\^~]/g, " ").replace(/\r?\n/g, "\\&");
}
const ATTEMPTS = 3;
const PAUSE_MS = 1e3;
const TIMEOUT_MS = 5e3;
let timer;
let stopping = false;
function startQueue() {
  timer = setTimeout(async () => {
    try {
      while (!stopping && await printNext()) ;
    } catch (error) {
      log.warn("Druckwarteschlange wartet", { error: String(error) });
    }
    if (!stopping) startQueue();
  }, PAUSE_MS);
}
function stopQueue() {
  stopping = true;
  clearTimeout(timer);
}
async function printNext() {
  const taken = await database.$queryRaw`
    UPDATE druckauftrag SET state = 'printing', attempts = attempts + 1, "changedAt" = now()
    WHERE id = (SELECT id FROM druckauftrag
                WHERE state = 'queued' OR (state = 'printing' AND "changedAt" < now() - interval '1 minute')
                ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1)
    RETURNING id`;
  if (taken.length === 0) return false;
  await print(taken[0].id);
  return true;
}
async function print(id) {
  const job = await database.printJob.findUniqueOrThrow({ where: { id }, include: { label: true, printer: true } });
  try {
    await send(job.printer.host, job.printer.port, zpl(job.label.title, job.label.content));
    await database.printJob.update({ where: { id }, data: { state: "printed", error: null, changedAt: /* @__PURE__ */ new Date() } });
  } catch (error) {
    const state = job.attempts < ATTEMPTS ? "queued" : "failed";
    const text = `${job.printer.name} (${job.printer.host}:${job.printer.port}): ${String(error)}`;
    log.warn("Druck gescheitert", { job: id, error: text, attempt: job.attempts });
    await database.printJob.update({ where: { id }, data: { state, error: text, changedAt: /* @__PURE__ */ new Date() } });
  }
}
function send(host, port, text) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("keine Antwort")));
    socket.on("error", reject);
    socket.on("close", () => resolve());
    socket.on("connect", () => socket.end(text));
  });
}
const OPEN = ["/anmelden", "/api/health"];
const init = async () => {
  await mkdir(settings.uploads, { recursive: true });
  log.info("gestartet", { pid: process.pid, platform: process.platform, node: process.version });
  startQueue();
  process.on("sveltekit:shutdown", async (reason) => {
    stopQueue();
    await database.$disconnect();
    log.info("beendet", { reason });
  });
};
const handle = async ({ event, resolve }) => {
  const began = performance.now();
  const token = event.cookies.get("sitzung");
  event.locals.user = token && !OPEN.includes(event.url.pathname) ? await userOf(token) : null;
  if (!event.locals.user && !OPEN.includes(event.url.pathname)) redirect(303, "/anmelden");
  const response = await resolve(event);
  measure(event.request.method, event.route.id ?? "unbekannt", response.status, performance.now() - began);
  return response;
};
const handleError = ({ error, event, status }) => {
  if (status >= 500) log.error(error instanceof Error ? error : String(error), { path: event.url.pathname });
  return { message: status === 404 ? "Diese Seite gibt es nicht." : "Das hat nicht geklappt. Bitte noch einmal." };
};
function measure(method, route, status, milliseconds) {
  const duration = Math.round(milliseconds);
  record(`${method} ${route}`, milliseconds);
  log.debug("Anfrage", { method, route, status, duration });
  if (milliseconds > settings.slowMs) log.warn("Langsame Anfrage", { method, route, status, duration });
}
export {
  handle,
  handleError,
  init
};
