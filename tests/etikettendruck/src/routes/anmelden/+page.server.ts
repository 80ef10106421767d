import { fail, redirect } from '@sveltejs/kit';
import { audit } from '$lib/server/log';
import { begin } from '$lib/server/sessions';
import type { Actions } from './$types';

export const actions: Actions = {
  default: async ({ request, cookies, url, getClientAddress }) => {
    const form = await request.formData();
    const name = String(form.get('name') ?? '');
    const session = await begin(name, String(form.get('kennwort') ?? ''));
    if (!session) {
      audit.securityEvent('Anmeldung abgelehnt', 'medium', { name, from: getClientAddress() });
      return fail(400, { message: 'Name oder Kennwort stimmt nicht.' });
    }
    const secure = url.protocol === 'https:';
    cookies.set('sitzung', session.token, { path: '/', httpOnly: true, sameSite: 'lax', secure });
    audit.userAction(session.userId, 'angemeldet', 'sitzung');
    redirect(303, '/');
  },
};
