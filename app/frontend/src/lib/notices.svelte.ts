/** Short messages that come and go („Gespeichert“). */
interface Notice {
  id: number;
  text: string;
}

const SHOWN_MS = 4_000;

class Notices {
  all = $state<Notice[]>([]);
  #next = 1;

  tell(text: string): void {
    const id = this.#next++;
    this.all = [...this.all, { id, text }];
    setTimeout(() => (this.all = this.all.filter((notice) => notice.id !== id)), SHOWN_MS);
  }
}

export const notices = new Notices();
