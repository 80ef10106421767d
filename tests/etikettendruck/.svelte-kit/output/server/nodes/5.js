import * as server from '../entries/pages/etiketten/_page.server.ts.js';

export const index = 5;
let component_cache;
export const component = async () => component_cache ??= (await import('../entries/pages/etiketten/_page.svelte.js')).default;
export { server };
export const server_id = "src/routes/etiketten/+page.server.ts";
export const imports = ["_app/immutable/nodes/5.yANhd-s3.js","_app/immutable/chunks/DobJGk3O.js"];
export const stylesheets = [];
export const fonts = [];
