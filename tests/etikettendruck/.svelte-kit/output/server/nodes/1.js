

export const index = 1;
let component_cache;
export const component = async () => component_cache ??= (await import('../entries/fallbacks/error.svelte.js')).default;
export const imports = ["_app/immutable/nodes/1.GIQdwU3G.js","_app/immutable/chunks/DobJGk3O.js","_app/immutable/chunks/DeMUu-Y3.js"];
export const stylesheets = [];
export const fonts = [];
