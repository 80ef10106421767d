import * as server from '../entries/pages/anmelden/_page.server.ts.js';

export const index = 3;
let component_cache;
export const component = async () => component_cache ??= (await import('../entries/pages/anmelden/_page.svelte.js')).default;
export { server };
export const server_id = "src/routes/anmelden/+page.server.ts";
export const imports = ["_app/immutable/nodes/3.DGi1U28z.js","_app/immutable/chunks/DobJGk3O.js"];
export const stylesheets = [];
export const fonts = [];
