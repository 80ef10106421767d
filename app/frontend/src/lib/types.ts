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
