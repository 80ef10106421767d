export const manifest = (() => {
function __memo(fn) {
	let value;
	return () => value ??= (value = fn());
}

return {
	appDir: "_app",
	appPath: "_app",
	assets: new Set(["favicon.svg"]),
	mimeTypes: {".svg":"image/svg+xml"},
	_: {
		client: {start:"_app/immutable/entry/start.BkHqk6Dg.js",app:"_app/immutable/entry/app.Bgy-wOmD.js",imports:["_app/immutable/entry/start.BkHqk6Dg.js","_app/immutable/chunks/DobJGk3O.js","_app/immutable/chunks/DeMUu-Y3.js","_app/immutable/entry/app.Bgy-wOmD.js","_app/immutable/chunks/DobJGk3O.js"],stylesheets:[],fonts:[],uses_env_dynamic_public:false},
		nodes: [
			__memo(() => import('./nodes/0.js')),
			__memo(() => import('./nodes/1.js')),
			__memo(() => import('./nodes/2.js')),
			__memo(() => import('./nodes/3.js')),
			__memo(() => import('./nodes/4.js')),
			__memo(() => import('./nodes/5.js'))
		],
		remotes: {
			
		},
		routes: [
			{
				id: "/",
				pattern: /^\/$/,
				params: [],
				page: { layouts: [0,], errors: [1,], leaf: 2 },
				endpoint: null
			},
			{
				id: "/abmelden",
				pattern: /^\/abmelden\/?$/,
				params: [],
				page: null,
				endpoint: __memo(() => import('./entries/endpoints/abmelden/_server.ts.js'))
			},
			{
				id: "/anmelden",
				pattern: /^\/anmelden\/?$/,
				params: [],
				page: { layouts: [0,], errors: [1,], leaf: 3 },
				endpoint: null
			},
			{
				id: "/api/health",
				pattern: /^\/api\/health\/?$/,
				params: [],
				page: null,
				endpoint: __memo(() => import('./entries/endpoints/api/health/_server.ts.js'))
			},
			{
				id: "/api/metrics",
				pattern: /^\/api\/metrics\/?$/,
				params: [],
				page: null,
				endpoint: __memo(() => import('./entries/endpoints/api/metrics/_server.ts.js'))
			},
			{
				id: "/drucker",
				pattern: /^\/drucker\/?$/,
				params: [],
				page: { layouts: [0,], errors: [1,], leaf: 4 },
				endpoint: null
			},
			{
				id: "/etiketten",
				pattern: /^\/etiketten\/?$/,
				params: [],
				page: { layouts: [0,], errors: [1,], leaf: 5 },
				endpoint: null
			}
		],
		prerendered_routes: new Set([]),
		matchers: async () => {
			
			return {  };
		},
		server_assets: {}
	}
}
})();
