import { describe, expect, it } from 'vitest';
import { operatorText, reasonText } from './updateWords';

describe('why a run did not end as it should', () => {
  it('is a sentence for who does not run servers', () => expect(reasonText('not_ready')).toBe('Die neue Version ist nicht richtig angelaufen.'));
  it('is left to the operator where there is no sentence', () => expect(reasonText('something_new')).toBe(''));
  it('has its commands in quotation marks', () => {
    expect(operatorText('Protokoll: `upkeep logs lager`. Oder `upkeep status`.')).toBe('Protokoll: „upkeep logs lager“. Oder „upkeep status“.');
  });
});
