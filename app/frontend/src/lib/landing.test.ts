import { describe, expect, it } from 'vitest';
import { AT_ONCE, Landing } from './landing';

const all = (release: string | null): (string | null)[] => Array<string | null>(AT_ONCE).fill(release);

describe('Landing', () => {
  it('asks one at a time until something new answers', () => {
    const landing = new Landing('1.0.0');
    expect(landing.wanted).toBe(1);
    landing.heard(['1.1.0']);
    expect(landing.wanted).toBe(AT_ONCE);
  });

  it('lands when all answers of two rounds are new', () => {
    const landing = new Landing('1.0.0');
    expect(landing.heard(['1.1.0'])).toBe(false);
    expect(landing.heard(all('1.1.0'))).toBe(false);
    expect(landing.heard(all('1.1.0'))).toBe(true);
  });

  it('does not land while an old slot answers in between', () => {
    const landing = new Landing('1.0.0');
    landing.heard(['1.1.0']);
    for (let round = 0; round < 5; round++) {
      expect(landing.heard(all('1.1.0'))).toBe(false);
      expect(landing.heard(['1.1.0', '1.0.0', '1.1.0', '1.1.0'])).toBe(false);
    }
  });

  it('does not land while the door says that both answer, whoever happened to', () => {
    const landing = new Landing('1.0.0');
    landing.heard(['1.1.0'], true);
    for (let round = 0; round < 5; round++) expect(landing.heard(all('1.1.0'), true)).toBe(false);
    expect(landing.heard(all('1.1.0'), false)).toBe(false);
    expect(landing.heard(all('1.1.0'), false)).toBe(true);
  });

  it('does not land on the old version that answers again after a pause', () => {
    const landing = new Landing('1.0.0');
    landing.heard([null]);
    expect(landing.heard(all('1.0.0'))).toBe(false);
    expect(landing.heard(all('1.0.0'))).toBe(false);
  });

  it('takes silence for no sign of anything', () => {
    const landing = new Landing('1.0.0');
    landing.heard(['1.1.0']);
    expect(landing.heard(['1.1.0', null, '1.1.0', '1.1.0'])).toBe(false);
    expect(landing.heard(all('1.1.0'))).toBe(false);
  });
});
