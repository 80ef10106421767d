/** Who is signed in, and whose store this is. */
import { del, get, post, whenSignedOut } from './api';
import { connection } from './connection.svelte';
import { live, type Position } from './live.svelte';
import type { Company, Role, SessionAnswer, User } from './types';

const RANK: Record<Role, number> = { lesen: 0, lager: 1, admin: 2 };

export const ROLE_NAMES: Record<Role, string> = { admin: 'Administrator', lager: 'Lager', lesen: 'Nur lesen' };

class Session {
  user = $state<User | null>(null);
  company = $state<Company>({ name: 'Lager', accent: 'kupfer', contact: '', version: 0 });
  version = $state('');
  instance = $state('');
  isLoaded = $state(false);
  /** The session ended in the middle of the work: a sign-in dialog lies over the page, which stays as it is. */
  hasExpired = $state(false);

  constructor() {
    whenSignedOut(() => (this.hasExpired = this.user !== null));
    live.on<Company>('company', (company) => this.setCompany(company));
  }

  async load(): Promise<void> {
    const answer = await get<SessionAnswer>('/api/session');
    this.user = answer.user;
    this.version = answer.version;
    this.instance = answer.instance;
    this.setCompany(answer.company);
    if (!this.isLoaded) connection.start(answer.version);
    this.isLoaded = true;
    if (answer.user) live.start(answer.live);
  }

  setCompany(company: Company): void {
    this.company = company;
    document.documentElement.dataset.accent = company.accent;
  }

  async signIn(login: string, password: string): Promise<void> {
    const answer = await post<{ user: User; live: Position | null }>('/api/session', { login, password });
    this.entered(answer.user, answer.live);
  }

  /** Another person at the same device must not inherit what was open. */
  entered(user: User, known: Position | null = null): void {
    const isSame = this.user === null || this.user.id === user.id;
    this.user = user;
    this.hasExpired = false;
    live.start(known);
    if (isSame) connection.epoch += 1;
    else startAfresh();
  }

  async signOut(everywhere = false): Promise<void> {
    await del(everywhere ? '/api/sessions' : '/api/session');
    startAfresh();
  }

  may(role: Role): boolean {
    return this.user !== null && RANK[this.user.role] >= RANK[role];
  }
}

/** Drafts and filters belong to whoever typed them. */
function startAfresh(): void {
  sessionStorage.clear();
  location.assign('/');
}

export const session = new Session();
