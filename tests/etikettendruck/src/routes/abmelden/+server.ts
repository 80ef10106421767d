import { redirect } from '@sveltejs/kit';
import { end } from '$lib/server/sessions';

export async function POST({ cookies }) {
  const token = cookies.get('sitzung');
  if (token) await end(token);
  cookies.delete('sitzung', { path: '/' });
  redirect(303, '/anmelden');
}
