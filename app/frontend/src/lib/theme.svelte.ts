/** Light, dark, or what the device says. Remembered on this device only. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'lager.theme';

class Appearance {
  theme = $state<Theme>((localStorage.getItem(KEY) as Theme | null) ?? 'system');

  apply(): void {
    const root = document.documentElement;
    if (this.theme === 'system') delete root.dataset.theme;
    else root.dataset.theme = this.theme;
  }

  choose(theme: Theme): void {
    this.theme = theme;
    localStorage.setItem(KEY, theme);
    this.apply();
  }
}

export const appearance = new Appearance();
