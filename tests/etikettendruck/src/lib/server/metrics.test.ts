import { expect, test } from 'vitest';
import { record, summary } from './metrics';

test('the last thousand response times of a route are kept', () => {
  for (let i = 1; i <= 1500; i++) record('/etiketten', i);
  expect(summary()['/etiketten']).toEqual({ requests: 1000, mean: 1000.5, p95: 1451 });
});
