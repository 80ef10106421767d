import { expect, it } from 'vitest';
import { marked } from './marked';

const hits = (text: string, ...words: string[]): string[] =>
  marked(text, words).filter((part) => part.isHit).map((part) => part.text);

it('marks what was searched for, whatever its case', () => expect(hits('Kupferrohr 15 mm', 'ROHR', '15')).toEqual(['rohr', '15']));
it('marks umlauts typed without dots', () => expect(hits('Dübel 6 mm', 'dubel')).toEqual(['Dübel']));
it('takes what was typed literally', () => expect(hits('a.b (c)', '.*', '(c)')).toEqual(['(c)']));
it('loses no text', () => expect(marked('NYM-J 3 × 1,5', ['1.5']).map((part) => part.text).join('')).toBe('NYM-J 3 × 1,5'));
