/** All locations, loaded once and shared: a business has hundreds at most. */
import { get } from './api';
import { live } from './live.svelte';
import type { Location, LocationChange, LocationKind } from './types';

export const KIND_NAMES: Record<LocationKind, string> = {
  lager: 'Lager',
  fahrzeug: 'Fahrzeug',
  raum: 'Raum',
  regal: 'Regal',
  fach: 'Fach',
};

/** What may lie in what; the server has the last word. */
export const PARENTS: Record<LocationKind, LocationKind[]> = {
  lager: [],
  fahrzeug: [],
  raum: ['lager'],
  regal: ['lager', 'raum', 'fahrzeug'],
  fach: ['lager', 'raum', 'fahrzeug', 'regal'],
};

const BY_NAME = new Intl.Collator('de', { numeric: true });

class Places {
  all = $state<Location[]>([]);
  isLoaded = $state(false);

  #byId = $derived(new Map(this.all.map((place) => [place.id, place])));
  #children = $derived.by(() => {
    const children = new Map<string | null, Location[]>();
    for (const place of this.all) {
      const parent = place.parent_id && this.#byId.has(place.parent_id) ? place.parent_id : null;
      children.set(parent, [...(children.get(parent) ?? []), place]);
    }
    for (const list of children.values()) list.sort(inOrder);
    return children;
  });

  async load(): Promise<void> {
    this.all = (await get<{ locations: Location[] }>('/api/locations')).locations;
    this.isLoaded = true;
  }

  /** Somebody else created, changed or deleted a place. */
  apply({ action, id, location }: LocationChange): void {
    if (!this.isLoaded) return;
    const others = this.all.filter((place) => place.id !== id);
    this.all = action === 'deleted' ? others : [...others, location];
  }

  byId(id: string): Location | undefined {
    return this.#byId.get(id);
  }

  inside(id: string | null): Location[] {
    return this.#children.get(id) ?? [];
  }

  /** From the store or vehicle down to the place itself. */
  path(id: string): Location[] {
    const path: Location[] = [];
    for (let place = this.byId(id); place && !path.includes(place); ) {
      path.unshift(place);
      place = place.parent_id ? this.byId(place.parent_id) : undefined;
    }
    return path;
  }

  pathName(id: string): string {
    return this.path(id).map((place) => place.name).join(' › ');
  }

  /** The whole tree, parents before their children. */
  inTreeOrder(from: string | null = null): Location[] {
    return this.inside(from).flatMap((place) => [place, ...this.inTreeOrder(place.id)]);
  }
}

/** Stores before vehicles, then by name. */
function inOrder(a: Location, b: Location): number {
  const vehicles = Number(a.kind === 'fahrzeug') - Number(b.kind === 'fahrzeug');
  return vehicles || BY_NAME.compare(a.code, b.code);
}

export const places = new Places();
live.on<LocationChange>('location', (change) => places.apply(change));
live.on('reset', () => void (places.isLoaded && places.load().catch(() => {})));
