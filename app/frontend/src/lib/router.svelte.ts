/** Pages by path, with the browser's own history. Links are plain <a href="/…">. */
import { tick } from 'svelte';

class Router {
  path = $state(location.pathname);
  query = $state(new URLSearchParams(location.search));

  start(): void {
    window.addEventListener('popstate', () => this.#read());
    document.addEventListener('click', (event) => this.#follow(event));
  }

  /** Go to a path of this app. `quiet` leaves the focus where it is. */
  async go(to: string, { replace = false, quiet = false } = {}): Promise<void> {
    if (replace) history.replaceState(null, '', to);
    else history.pushState(null, '', to);
    this.#read();
    await tick();
    if (!quiet) focusHeading();
  }

  #read(): void {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  }

  #follow(event: MouseEvent): void {
    const link = (event.target as Element | null)?.closest('a');
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (link.origin !== location.origin || link.target || link.hasAttribute('download') || link.hash) return;
    event.preventDefault();
    void this.go(link.pathname + link.search, { quiet: link.dataset.quiet !== undefined });
  }
}

/** Screen readers and keyboards start where the new page starts. */
function focusHeading(): void {
  const heading = [...document.querySelectorAll<HTMLElement>('main h1')].find((found) => found.checkVisibility());
  heading?.setAttribute('tabindex', '-1');
  heading?.focus({ preventScroll: true });
}

export const router = new Router();

/** `match('/artikel/:id', path)` gives `{id}` or null. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.replace(/\/$/, '').split('/');
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [place, part] of wanted.entries()) {
    const value = given[place] ?? '';
    if (part.startsWith(':')) found[part.slice(1)] = value;
    else if (part !== value) return null;
  }
  return found;
}
