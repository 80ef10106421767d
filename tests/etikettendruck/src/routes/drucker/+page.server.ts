import { fail, redirect } from '@sveltejs/kit';
import { database } from '$lib/server/database';
import { audit } from '$lib/server/log';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async () => ({
  printers: await database.printer.findMany({ orderBy: { name: 'asc' } }),
});

export const actions: Actions = {
  default: async ({ request, locals }) => {
    const form = await request.formData();
    const [name, host] = ['name', 'adresse'].map((field) => String(form.get(field) ?? '').trim());
    const port = Number(form.get('port') || 9100);
    if (!name || !host || !(port > 0 && port < 65536)) return fail(400, { message: 'Name, Adresse und Port prüfen.' });
    await database.printer.upsert({ where: { name }, create: { name, host, port }, update: { host, port } });
    audit.userAction(locals.user!.id, 'eingerichtet', `drucker/${name}`);
    redirect(303, '/drucker');
  },
};
