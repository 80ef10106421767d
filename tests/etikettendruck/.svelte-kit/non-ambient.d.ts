
// this file is generated — do not edit it


declare module "svelte/elements" {
	export interface HTMLAttributes<T> {
		'data-sveltekit-keepfocus'?: true | '' | 'off' | undefined | null;
		'data-sveltekit-noscroll'?: true | '' | 'off' | undefined | null;
		'data-sveltekit-preload-code'?:
			| true
			| ''
			| 'eager'
			| 'viewport'
			| 'hover'
			| 'tap'
			| 'off'
			| undefined
			| null;
		'data-sveltekit-preload-data'?: true | '' | 'hover' | 'tap' | 'off' | undefined | null;
		'data-sveltekit-reload'?: true | '' | 'off' | undefined | null;
		'data-sveltekit-replacestate'?: true | '' | 'off' | undefined | null;
	}
}

export {};


declare module "$app/types" {
	type MatcherParam<M> = M extends (param : string) => param is (infer U extends string) ? U : string;

	export interface AppTypes {
		RouteId(): "/" | "/abmelden" | "/anmelden" | "/api" | "/api/health" | "/api/metrics" | "/drucker" | "/etiketten";
		RouteParams(): {
			
		};
		LayoutParams(): {
			"/": Record<string, never>;
			"/abmelden": Record<string, never>;
			"/anmelden": Record<string, never>;
			"/api": Record<string, never>;
			"/api/health": Record<string, never>;
			"/api/metrics": Record<string, never>;
			"/drucker": Record<string, never>;
			"/etiketten": Record<string, never>
		};
		Pathname(): "/" | "/abmelden" | "/anmelden" | "/api/health" | "/api/metrics" | "/drucker" | "/etiketten";
		ResolvedPathname(): `${"" | `/${string}`}${ReturnType<AppTypes['Pathname']>}`;
		Asset(): "/favicon.svg" | string & {};
	}
}