import { json } from '@sveltejs/kit';
import { health } from '$lib/server/health';

export async function GET() {
  const found = await health();
  return json(found, { status: found.status === 'healthy' ? 200 : 503, headers: { 'cache-control': 'no-store' } });
}
