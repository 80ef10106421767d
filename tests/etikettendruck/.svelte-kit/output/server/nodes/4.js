import * as server from '../entries/pages/drucker/_page.server.ts.js';

export const index = 4;
let component_cache;
export const component = async () => component_cache ??= (await import('../entries/pages/drucker/_page.svelte.js')).default;
export { server };
export const server_id = "src/routes/drucker/+page.server.ts";
export const imports = ["_app/immutable/nodes/4.CgHy2Y5h.js","_app/immutable/chunks/DobJGk3O.js"];
export const stylesheets = [];
export const fonts = [];
