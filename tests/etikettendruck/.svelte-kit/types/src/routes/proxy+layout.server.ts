// @ts-nocheck
import { settings } from '$lib/server/settings';
import type { LayoutServerLoad } from './$types';

export const load = ({ locals }: Parameters<LayoutServerLoad>[0]) => ({ user: locals.user, version: settings.version });
