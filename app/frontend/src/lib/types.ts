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
  live: { epoch: string; seq: number } | null;
}

/** Another client created, changed or deleted it. */
export interface ArticleChange {
  id: string;
  action: 'created' | 'changed' | 'deleted';
  version: number;
  by: { id: string; name: string };
  row: ArticleRow;
}

export interface LocationChange {
  id: string;
  action: 'created' | 'changed' | 'deleted';
  location: Location;
}

export interface ArticleRow {
  id: string;
  number: string;
  name: string;
  unit: string;
  category: string;
  manufacturer_number: string;
  location_ids: string[];
  /** How finely one can count in the unit. */
  decimals: number;
  /** What lies in all locations together. */
  stock: string;
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
  allows_negative: boolean;
  version: number;
  updated_at: string;
  updated_by: string;
}

export interface Named {
  id: string;
  name: string;
}

export type BookingKind = 'in' | 'out' | 'transfer' | 'correction' | 'undo';

export interface BookedArticle extends Named {
  number: string;
  unit: string;
}

export interface BookedPlace extends Named {
  code: string;
}

/** With the names of the day it was booked on. `counted` is what a correction found. */
export interface BookedLine {
  article: BookedArticle;
  from: BookedPlace | null;
  to: BookedPlace | null;
  quantity: string;
  counted?: string;
}

export interface Booking {
  id: string;
  number: string;
  kind: BookingKind;
  reason: string;
  note: string;
  at: string;
  by: Named;
  undoes: string | null;
  undone_by: string | null;
  lines: BookedLine[];
}

export interface BookingPage {
  rows: Booking[];
  after: string | null;
}

export interface StockRow {
  location: BookedPlace;
  quantity: string;
}

/** What a booking did to one article at one place; `quantity` is what lies there now. */
export interface StockChange {
  article_id: string;
  location_id: string;
  quantity: string;
  change: string;
}

/** Somebody booked. */
export interface BookingChange {
  id: string;
  booking: Booking;
  stock: StockChange[];
}

/** What lies at a place, in the order of the article list. */
export interface LyingRow {
  article: BookedArticle;
  quantity: string;
}

export interface LyingPage {
  rows: LyingRow[];
  after: string | null;
}

export interface Stock {
  rows: StockRow[];
  total: string;
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
    live: { status: CheckStatus; lag_ms: number | null; seq: number; detail: string | null };
    /** A slot that is about to be replaced may not tell it yet. */
    ledger?: { status: CheckStatus; unsealed_seconds: number; detail: string | null };
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
  /** In the operator's words. */
  message: string;
  /** What went wrong, for programs; empty when nothing did, or from an older Upkeep. */
  code: string;
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
  may: ('start-update' | 'check-update' | 'start-backup')[];
  backup: PublishedBackup | null;
}

/** `size` in bytes of what it holds, `seconds` it took. */
export interface SavedBackup {
  at: string;
  seconds: number;
  size: number;
}

/** Null: no backups are set up here. `drilled`: the last one that was restored as a trial and worked. `runs`: oldest first. */
export interface PublishedBackup {
  last: SavedBackup | null;
  drilled: { at: string; seconds: number } | null;
  runs: SavedBackup[];
  problems: string[];
  report: boolean;
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
