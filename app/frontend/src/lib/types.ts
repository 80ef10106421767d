/** What the API speaks; amounts are strings of plain digits („12.50“), times ISO 8601. */

export type Role = 'admin' | 'lager' | 'lesen';

export interface User {
  id: string;
  login: string;
  name: string;
  role: Role;
  active: boolean;
  version: number;
  last_sign_in: string | null;
}

export interface Company {
  name: string;
  accent: string;
  contact: string;
  version: number;
}

export interface SessionAnswer {
  user: User | null;
  company: Company;
  version: string;
  instance: string;
}

export interface ArticleRow {
  id: string;
  number: string;
  name: string;
  unit: string;
  category: string;
  manufacturer_number: string;
  location_ids: string[];
}

export interface Article extends ArticleRow {
  description: string;
  ean: string;
  supplier: string;
  minimum_stock: string | null;
  purchase_price: string | null;
  version: number;
  created_at: string;
  updated_at: string;
  updated_by: string;
}

export interface ArticlePage {
  articles: ArticleRow[];
  after: string | null;
  total: number | null;
}

export interface ArticleOptions {
  units: string[];
  categories: string[];
  suppliers: string[];
}

export type LocationKind = 'lager' | 'fahrzeug' | 'raum' | 'regal' | 'fach';

export interface Location {
  id: string;
  name: string;
  code: string;
  kind: LocationKind;
  parent_id: string | null;
  licence_plate: string;
  note: string;
  version: number;
  updated_at: string;
  updated_by: string;
}

export interface Invitation {
  id: string;
  role: Role;
  name: string;
  reset: boolean;
  expires_at: string;
}

export type CheckStatus = 'ok' | 'warning' | 'unhealthy' | 'draining';

export interface Health {
  status: CheckStatus;
  version: string;
  instance: string;
  checks: {
    database: { status: CheckStatus; latency_ms: number | null; detail: string | null };
    files: { status: CheckStatus; free_bytes: number | null; free_percent: number | null; detail: string | null };
    memory: { status: CheckStatus; resident_bytes: number; limit_bytes: number | null; detail: string | null };
  };
}

export interface System {
  health: Health;
  started_at: string;
  mongodb: string;
}

export type Fields = Record<string, string>;

export interface PastRun {
  run: string;
  operation: string;
  result: 'updated' | 'rolled_back' | 'failed' | 'unchanged' | 'refused' | null;
  from: string | null;
  to: string | null;
  started_at: string;
  seconds: number;
  message: string;
}

/** What Upkeep says about this installation; `problem` when it says nothing. `may`: what can be started from here. */
export interface PublishedSystem {
  problem: string | null;
  version: string | null;
  release: { version: string | null; since: string | null; notes: string | null } | null;
  available: { version: string; notes: string | null; checked_at: string | null; held: boolean } | null;
  checked: { run: string; at: string | null; result: string | null; message: string } | null;
  history: PastRun[];
  running: { run: string; operation: string; started_at: string | null } | null;
  may: ('start-update' | 'check-update')[];
}

export interface RouteTimes {
  method: string;
  route: string;
  count: number;
  failed: number;
  p50: number;
  p95: number;
  p99: number;
  slowest: number;
}

export interface SlowRequest {
  id: string;
  at: string;
  slot: string;
  method: string;
  route: string;
  status: number;
  ms: number;
  request_id: string;
}

export interface Performance {
  since: string;
  slots: string[];
  routes: RouteTimes[];
  slow: SlowRequest[];
}

export type Severity = 'info' | 'medium' | 'high';

export interface SecurityEvent {
  id: string;
  at: string;
  first_at: string;
  event: string;
  severity: Severity;
  address: string;
  user: { id: string; name: string } | null;
  count: number;
  request_id: string;
  slot: string;
}

export interface SecurityEvents {
  events: SecurityEvent[];
  counts: Record<Severity, number>;
  days: number;
}
