import { database } from '$lib/server/database';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async () => ({
  jobs: await database.printJob.findMany({
    orderBy: { id: 'desc' },
    take: 50,
    include: { label: true, printer: true },
  }),
});
