import { fail, redirect } from '@sveltejs/kit';
import { database } from '$lib/server/database';
import { audit } from '$lib/server/log';
import { keep, UploadRefused } from '$lib/server/uploads';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async () => ({
  labels: await database.label.findMany({ orderBy: { id: 'desc' }, take: 200 }),
  printers: await database.printer.findMany({ orderBy: { name: 'asc' } }),
});

export const actions: Actions = {
  anlegen: async ({ request, locals }) => {
    const form = await request.formData();
    const title = String(form.get('titel') ?? '').trim();
    if (!title) return fail(400, { message: 'Ein Etikett braucht einen Titel.' });
    try {
      const label = await database.label.create({
        data: { title, content: String(form.get('text') ?? ''), file: await fileOf(form) },
      });
      audit.userAction(locals.user!.id, 'angelegt', `etikett/${label.id}`);
    } catch (error) {
      if (error instanceof UploadRefused) return fail(400, { message: error.message });
      throw error;
    }
    redirect(303, '/etiketten');
  },
  drucken: async ({ request, locals }) => {
    const form = await request.formData();
    const [labelId, printerId] = [Number(form.get('etikett')), Number(form.get('drucker'))];
    if (!labelId || !printerId) return fail(400, { message: 'Bitte Etikett und Drucker wählen.' });
    const job = await database.printJob.create({ data: { labelId, printerId } });
    audit.userAction(locals.user!.id, 'gedruckt', `druckauftrag/${job.id}`);
    redirect(303, '/');
  },
};

async function fileOf(form: FormData): Promise<string | null> {
  const file = form.get('datei');
  return file instanceof File && file.size > 0 ? keep(file) : null;
}
