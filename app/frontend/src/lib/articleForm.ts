/** An article as the form holds it (all text), and its way from and to the API. */
import { amountProblem, editableAmount, parseAmount } from './german';
import type { Article, Fields } from './types';

export interface ArticleValues {
  number: string;
  name: string;
  description: string;
  unit: string;
  ean: string;
  category: string;
  supplier: string;
  manufacturer_number: string;
  minimum_stock: string;
  purchase_price: string;
  location_ids: string[];
}

export const LABELS: Record<keyof ArticleValues, string> = {
  name: 'Bezeichnung',
  number: 'Artikelnummer',
  description: 'Beschreibung',
  unit: 'Einheit',
  ean: 'EAN',
  category: 'Kategorie',
  supplier: 'Lieferant',
  manufacturer_number: 'Herstellernummer',
  minimum_stock: 'Mindestbestand',
  purchase_price: 'Einkaufspreis',
  location_ids: 'Lagerorte',
};

export const EMPTY: ArticleValues = {
  number: '',
  name: '',
  description: '',
  unit: 'Stk',
  ean: '',
  category: '',
  supplier: '',
  manufacturer_number: '',
  minimum_stock: '',
  purchase_price: '',
  location_ids: [],
};

export function valuesOf(article: Article): ArticleValues {
  return {
    number: article.number,
    name: article.name,
    description: article.description,
    unit: article.unit,
    ean: article.ean,
    category: article.category,
    supplier: article.supplier,
    manufacturer_number: article.manufacturer_number,
    minimum_stock: editableAmount(article.minimum_stock),
    purchase_price: editableAmount(article.purchase_price, 2),
    location_ids: [...article.location_ids],
  };
}

/** What can be told without the server: amounts that are no numbers. */
export function problemsOf(values: ArticleValues): Fields {
  const problems: Fields = {};
  if (!values.name.trim()) problems.name = 'Bitte ausfüllen.';
  for (const field of ['minimum_stock', 'purchase_price'] as const) {
    if (parseAmount(values[field]) === null) problems[field] = amountProblem(values[field]);
  }
  return problems;
}

export function bodyOf(values: ArticleValues): Record<string, unknown> {
  return {
    ...values,
    minimum_stock: parseAmount(values.minimum_stock) || null,
    purchase_price: parseAmount(values.purchase_price) || null,
  };
}
