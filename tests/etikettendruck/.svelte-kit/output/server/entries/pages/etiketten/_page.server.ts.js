import { fail, redirect } from "@sveltejs/kit";
import { d as database, a as audit } from "../../../chunks/database.js";
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path__default from "node:path";
import { s as settings } from "../../../chunks/settings.js";
const ALLOWED = /* @__PURE__ */ new Map([
  ["image/png", ".png"],
  ["image/jpeg", ".jpg"],
  ["application/pdf", ".pdf"]
]);
const LIMIT = 10 * 1024 * 1024;
class UploadRefused extends Error {
}
async function keep(file) {
  const ending = ALLOWED.get(file.type);
  if (!ending) throw new UploadRefused("Nur PNG, JPEG und PDF.");
  if (file.size > LIMIT) throw new UploadRefused("Die Datei ist größer als 10 MB.");
  const name = `${randomUUID()}${ending}`;
  await mkdir(settings.uploads, { recursive: true });
  await writeFile(path__default.join(settings.uploads, name), Buffer.from(await file.arrayBuffer()), { flag: "wx" });
  return name;
}
const load = async () => ({
  labels: await database.label.findMany({ orderBy: { id: "desc" }, take: 200 }),
  printers: await database.printer.findMany({ orderBy: { name: "asc" } })
});
const actions = {
  anlegen: async ({ request, locals }) => {
    const form = await request.formData();
    const title = String(form.get("titel") ?? "").trim();
    if (!title) return fail(400, { message: "Ein Etikett braucht einen Titel." });
    try {
      const label = await database.label.create({
        data: { title, content: String(form.get("text") ?? ""), file: await fileOf(form) }
      });
      audit.userAction(locals.user.id, "angelegt", `etikett/${label.id}`);
    } catch (error) {
      if (error instanceof UploadRefused) return fail(400, { message: error.message });
      throw error;
    }
    redirect(303, "/etiketten");
  },
  drucken: async ({ request, locals }) => {
    const form = await request.formData();
    const [labelId, printerId] = [Number(form.get("etikett")), Number(form.get("drucker"))];
    if (!labelId || !printerId) return fail(400, { message: "Bitte Etikett und Drucker wählen." });
    const job = await database.printJob.create({ data: { labelId, printerId } });
    audit.userAction(locals.user.id, "gedruckt", `druckauftrag/${job.id}`);
    redirect(303, "/");
  }
};
async function fileOf(form) {
  const file = form.get("datei");
  return file instanceof File && file.size > 0 ? keep(file) : null;
}
export {
  actions,
  load
};
