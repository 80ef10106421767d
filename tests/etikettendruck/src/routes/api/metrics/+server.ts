import { json } from '@sveltejs/kit';
import { summary } from '$lib/server/metrics';

export function GET() {
  return json(summary());
}
