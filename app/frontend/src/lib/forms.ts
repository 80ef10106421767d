import { tick } from 'svelte';

/** Put the cursor where the first mistake is. */
export async function focusFirstBad(form: HTMLElement | undefined): Promise<void> {
  await tick();
  const first = form?.querySelector<HTMLElement>('[aria-invalid="true"], [data-invalid]');
  first?.focus();
  first?.scrollIntoView({ block: 'center', behavior: 'smooth' });
}

/** Acts once for all calls within `milliseconds`, at their end: also when they never cease. */
export function gathered(action: () => void, milliseconds: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      action();
    }, milliseconds);
  };
}

/** Waits until nobody called for `milliseconds`. */
export function debounced<T extends unknown[]>(action: (...given: T) => void, milliseconds: number): (...given: T) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...given), milliseconds);
  };
}
